import { Controller } from '@nestjs/common';
import { readDeliveryReceipt } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { ShownHistories } from '../read-history/shown-histories.js';
import { DeliveryReceipts } from './delivery-receipts.js';

@Controller()
export class ReadDeliveryReceiptController {
  constructor(
    private readonly receipts: DeliveryReceipts,
    private readonly records: AccessRecords,
    private readonly histories: ShownHistories,
  ) {}

  /** Whoever may not see a delivery is not told whether there is one. */
  @Endpoint(readDeliveryReceipt)
  async handle(@Input() { params, principal, context }: InputOf<typeof readDeliveryReceipt>) {
    const { agency, lane, sequence } = params;
    const by = context.actor;
    const refused = { by, endpoint: readDeliveryReceipt.id, problem: 'not-found' };
    if (principal.kind === 'agency' && principal.agency !== agency) {
      await this.records.refused(refused, context);
      return refuse('not-found');
    }
    const found = await this.receipts.of(agency, lane, sequence);
    if (found === undefined) return refuse('not-found');
    const { subject, facts, receipt } = found;
    if (principal.kind === 'person' && principal.subject !== subject) {
      await this.records.refused({ ...refused, ...(subject !== undefined && { subject }) }, context);
      return refuse('not-found');
    }
    // As if there were none, in the records too: a refusal of one's own would tell of the seal.
    if (principal.kind === 'person' && (await this.histories.isSealed(principal.subject, facts)))
      return refuse('not-found');
    if (subject !== undefined) await this.records.read({ subject, by, what: 'delivery-receipt' }, context);
    return { body: receipt };
  }
}
