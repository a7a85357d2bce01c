import { ACCESS_ADMINISTERED } from '@sluice/contracts';
import type { Command } from '@sluice/event-store';
import type { RequestContext } from '@sluice/platform';
import { accessRecord } from '@sluice/recording';

/**
 * The record of an administrative act, to be executed with the act: stored if and only if the act is. It has an
 * idempotency key too, because a repeated request replays the act and must not record it twice.
 */
export function recordingAct<R>(
  act: { readonly name: string; readonly target: string },
  input: { readonly context: RequestContext; readonly idempotencyKey: string; readonly requestDigest: Buffer },
  reply: R,
  acted: () => boolean,
): Command<R> {
  const data = { by: input.context.actor, act: act.name, target: act.target };
  const { decide, ...command } = accessRecord(ACCESS_ADMINISTERED, data, input.context, reply);
  return {
    ...command,
    idempotency: { key: `${input.idempotencyKey}|record`, requestDigest: input.requestDigest },
    decide: (current) => (acted() ? decide(current) : { kind: 'nothing', reply }),
  };
}
