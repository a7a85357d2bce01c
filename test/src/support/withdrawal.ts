import { type ReplyOf, readReceipt, withdrawGrant } from '@sluice/contracts';
import type { ApiClient } from './api-client.js';
import { until } from './until.js';

const WAIT_S = 5;

/** Withdraws a grant and resolves once that is effective, with fence and receipt: on a busy machine a 202 comes first. */
export async function withdraw(
  api: ApiClient,
  token: string,
  grant: string,
  body: { deleteData?: boolean } = {},
): Promise<ReplyOf<typeof withdrawGrant>> {
  const call = { token, params: { grant }, waitS: WAIT_S };
  const { body: stop } = await api.call(withdrawGrant, { ...call, body });
  if (stop.effect === 'effective') return stop;
  return until('the withdrawal is effective', async () => {
    const { body: read } = await api.call(readReceipt, call);
    return read.effect === 'effective' ? read : undefined;
  });
}
