import { decodeLedgerBatch, type LedgerDecision, type LedgerSource } from '@sluice/contracts';

/** A delivery of a lane as the ledger has it. */
export interface RecordedDelivery {
  sequence: number;
  decision: LedgerDecision;
  source: LedgerSource;
}

/** The deliveries of an agency's block within a batch of the ledger, from `from` up to but without `ends`. */
export function deliveriesOf(content: Buffer, agency: string, first: number, from: number, ends: number) {
  const batch = decodeLedgerBatch(content);
  const found: RecordedDelivery[] = [];
  let at = 0;
  for (const block of batch.blocks) {
    if (block.agency === agency && block.first === first) {
      for (let i = 0; i < block.count; i++) {
        const sequence = first + i;
        if (sequence < from || sequence >= ends) continue;
        const decision = batch.decisions[at + i]!;
        found.push({ sequence, decision, source: batch.sources[decision.source]! });
      }
    }
    at += block.count;
  }
  return found;
}
