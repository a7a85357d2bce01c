import type { StopReply } from '@sluice/contracts';
import type { Reply } from '@sluice/platform';
import { isComplete, type RecordedStop } from '../store/stops.js';

/** 200 with the receipt, or 202 with the address where it will be. */
export function replyOf(stop: RecordedStop): Reply<StopReply> {
  const { grant, version, state } = stop;
  const receiptUrl = `/grants/${grant}/receipt`;
  if (!isComplete(stop)) {
    const body = { grant, version, state, effect: 'recorded', receiptUrl } as const;
    return { status: 202, body, version, location: receiptUrl };
  }
  const { fence, receipt } = stop.completion;
  return { status: 200, body: { grant, version, state, effect: 'effective', fence, receipt, receiptUrl }, version };
}
