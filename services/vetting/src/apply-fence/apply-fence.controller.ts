import { Controller, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { AGENCY_FENCE_APPLIED, type AgencyFenceApplied, fenceEvents, LANES } from '@sluice/contracts';
import { HandlerFailures, type IncomingEvent, Poison, STOPS } from '@sluice/messaging';
import { ReceiptSigner } from '@sluice/vault';
import { fence } from '../domain/sanction.js';
import { AgencyCommands } from '../store/agency-commands.js';
import { type RecordedSanction, type SanctionReceipt, Sanctions } from '../store/sanctions.js';

/**
 * Delivery has fenced one lane of a sanctioned agency; with the last lane the sanction is effective. Lanes stand for
 * themselves: none waits behind a fence that could not be read.
 */
@Controller()
@UseFilters(HandlerFailures)
export class ApplyFenceController {
  constructor(
    private readonly sanctions: Sanctions,
    private readonly commands: AgencyCommands,
    private readonly signer: ReceiptSigner,
  ) {}

  @EventPattern(AGENCY_FENCE_APPLIED, STOPS)
  async handle(@Payload() event: IncomingEvent): Promise<void> {
    const { agency, agencyVersion, lane, sequence } = readFence(event);
    const fences = await this.sanctions.noteFence(agency, agencyVersion, { lane, sequence });
    if (fences.length < LANES) return;
    const sanction = await this.sanctions.find(agency, agencyVersion);
    // A fence of a sanction we never recorded proves nothing to anybody; one that is complete stays as it is.
    if (sanction === undefined || sanction.receipt !== undefined) return;
    const effectiveAt = new Date();
    const receipt = await this.signer.sign(statement(sanction, fences, effectiveAt));
    await this.#complete(sanction, { fences, receipt, effectiveAt }, event);
  }

  async #complete(sanction: RecordedSanction, receipt: SanctionReceipt, event: IncomingEvent): Promise<void> {
    const { agency, version } = sanction;
    const context = {
      actor: 'service:vetting',
      correlationId: event.correlationId,
      causationId: event.id,
      ...(event.traceparent !== undefined && { traceparent: event.traceparent }),
    };
    await this.commands.complete(
      agency,
      context,
      (current) => fence(current, { sanctionVersion: version, fences: receipt.fences }),
      [Sanctions.completing(agency, version, receipt)],
    );
  }
}

function readFence(event: IncomingEvent): AgencyFenceApplied {
  const read = fenceEvents[AGENCY_FENCE_APPLIED].safeParse(event.json());
  if (!read.success) throw new Poison('fence-not-as-contracted');
  return read.data;
}

/** What the receipt says: after these positions the agency received nothing under its accreditation. */
function statement({ agency, state, version, recordedAt }: RecordedSanction, fences: object[], effectiveAt: Date) {
  return {
    type: 'agency-sanction',
    agency,
    state,
    agencyVersion: version,
    fences,
    recordedAt: recordedAt.toISOString(),
    effectiveAt: effectiveAt.toISOString(),
  };
}
