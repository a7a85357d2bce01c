import { Controller } from '@nestjs/common';
import { readReceipt } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { concerns } from '../domain/grant.js';
import { replyOf } from '../stopping/stop-reply.js';
import { actorFor } from '../store/grant-commands.js';
import { Grants } from '../store/grants.js';
import { StopWaiters } from '../store/stop-waiters.js';
import { isComplete, Stops } from '../store/stops.js';

@Controller()
export class ReadReceiptController {
  constructor(
    private readonly grants: Grants,
    private readonly stops: Stops,
    private readonly waiters: StopWaiters,
    private readonly records: AccessRecords,
  ) {}

  @Endpoint(readReceipt)
  async handle(@Input() { params, principal, context, preferWaitMs }: InputOf<typeof readReceipt>) {
    const parties = await this.grants.partiesOf(params.grant);
    if (parties === undefined || !concerns(actorFor(principal), parties)) return refuse('unknown-grant');
    const last = await this.stops.last(params.grant);
    if (last === undefined) return refuse('wrong-state');
    if (principal.kind === 'staff')
      await this.records.read({ subject: parties.subject, by: context.actor, what: 'receipt' }, context);
    if (isComplete(last)) return replyOf(last);
    return replyOf((await this.waiters.completionOf(last, preferWaitMs)) ?? last);
  }
}
