import type { SanctionReply } from '@sluice/contracts';
import type { Reply } from '@sluice/platform';
import type { RecordedSanction } from '../store/sanctions.js';

/** 200 with the receipt, or 202 with the address where it will be. */
export function replyOf(sanction: RecordedSanction): Reply<SanctionReply> {
  const { agency, version, state, fences = [], receipt } = sanction;
  const receiptUrl = `/agencies/${agency}/sanction`;
  if (receipt === undefined) {
    const body = { agency, version, state, effect: 'recorded', fences, receiptUrl } as const;
    return { status: 202, body, version, location: receiptUrl };
  }
  return { status: 200, body: { agency, version, state, effect: 'effective', fences, receipt, receiptUrl }, version };
}
