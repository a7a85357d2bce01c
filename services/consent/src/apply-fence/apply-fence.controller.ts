import { Controller, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { fenceEvents, GRANT_FENCE_APPLIED, type GrantFenceApplied } from '@sluice/contracts';
import { HandlerFailures, type IncomingEvent, Poison, STOPS } from '@sluice/messaging';
import { Metrics } from '@sluice/platform';
import { PairwiseIds, ReceiptSigner } from '@sluice/vault';
import { GrantCommands } from '../store/grant-commands.js';
import { serviceContext } from '../store/service-context.js';
import { StopWaiters } from '../store/stop-waiters.js';
import { isComplete, Stops } from '../store/stops.js';
import { statementOf } from './statement.js';

/**
 * Delivery has fenced the lane of a stopped, paused or narrowed grant: the stop is effective and gets its receipt.
 * Every fence stands for itself: none waits behind one that could not be read.
 */
@Controller()
@UseFilters(HandlerFailures)
export class ApplyFenceController {
  readonly #untilEffective: ReturnType<Metrics['histogram']>;

  constructor(
    private readonly stops: Stops,
    private readonly commands: GrantCommands,
    private readonly signer: ReceiptSigner,
    private readonly aliases: PairwiseIds,
    private readonly waiters: StopWaiters,
    metrics: Metrics,
  ) {
    this.#untilEffective = metrics.histogram(
      'sluice_consent_stop_effective_seconds',
      'From the recording of a stop, pause or narrowing to its receipt',
    );
  }

  @EventPattern(GRANT_FENCE_APPLIED, STOPS)
  async handle(@Payload() event: IncomingEvent): Promise<void> {
    const { grant, grantVersion: version, lane, sequence } = readFence(event);
    const stop = await this.stops.find({ grant, version });
    // A fence of a stop that was never recorded here proves nothing to anybody; a complete one stays as it is.
    if (stop === undefined || isComplete(stop)) return;
    const fence = { lane, sequence };
    const alias = this.aliases.toPairwise(stop.agency, stop.subject);
    const receipt = await this.signer.sign(statementOf(stop, alias, fence, event.time));
    const completion = { fence, effectiveAt: event.time, receipt };
    await this.commands.run({
      subject: stop.subject,
      grant,
      command: { move: 'fence', fencedVersion: version, fence },
      facts: { actor: { kind: 'service' }, now: event.time },
      context: serviceContext(event),
      effects: [Stops.completing(stop, completion)],
    });
    this.waiters.tell({ ...stop, completion });
    this.#untilEffective.observe((Date.now() - stop.recordedAt.getTime()) / 1_000);
  }
}

function readFence(event: IncomingEvent): GrantFenceApplied {
  const read = fenceEvents[GRANT_FENCE_APPLIED].safeParse(event.json());
  if (!read.success) throw new Poison('fence-not-as-contracted');
  return read.data;
}
