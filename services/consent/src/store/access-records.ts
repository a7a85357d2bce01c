import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  ACCESS_ADMINISTERED,
  ACCESS_READ,
  ACCESS_REFUSED,
  type AccessEventData,
  type AccessEventType,
  JSON_CONTENT,
  type ProblemCode,
} from '@sluice/contracts';
import { type Command, type EventContext, EventStore } from '@sluice/event-store';
import { type RecordedRefusal, type RefusalRecorder, Refusals, type RequestContext } from '@sluice/platform';

/** Records of access.events: what the centre's staff read and did, and who was refused. Each is a stream of its own. */
@Injectable()
export class AccessRecords implements RefusalRecorder {
  constructor(
    private readonly store: EventStore,
    refusals: Refusals,
  ) {
    refusals.recordWith(this);
  }

  /** Before the answer is given: what cannot be recorded is not shown. */
  async read(subject: string, what: string, context: RequestContext): Promise<void> {
    await this.store.execute(recording(ACCESS_READ, { subject, by: context.actor, what }, context));
  }

  /** What staff tried or looked up: an act that changes nothing has no event of its own. Before the answer, as above. */
  async administered(act: { readonly act: string; readonly target: string }, context: RequestContext): Promise<void> {
    await this.store.execute(recording(ACCESS_ADMINISTERED, { by: context.actor, ...act }, context));
  }

  /** Who was refused to know something of a person; it shows in that person's history. */
  async refused(subject: string, endpoint: string, problem: ProblemCode, context: RequestContext): Promise<void> {
    await this.store.execute(recording(ACCESS_REFUSED, { subject, by: context.actor, endpoint, problem }, context));
  }

  async record({ actor, endpoint, code, correlationId, traceparent }: RecordedRefusal): Promise<void> {
    const context = { actor, correlationId, ...(traceparent !== undefined && { traceparent }) };
    await this.store.execute(recording(ACCESS_REFUSED, { by: actor, endpoint, problem: code }, context));
  }
}

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
  const { decide, ...command } = recording(ACCESS_ADMINISTERED, data, input.context, reply);
  return {
    ...command,
    idempotency: { key: `${input.idempotencyKey}|record`, requestDigest: input.requestDigest },
    decide: (current) => (acted() ? decide(current) : { kind: 'nothing', reply }),
  };
}

function recording<T extends AccessEventType, R = null>(
  type: T,
  data: AccessEventData<T>,
  context: EventContext,
  reply: R = null as R,
): Command<R> {
  const events = [{ type, contentType: JSON_CONTENT, payload: Buffer.from(JSON.stringify(data)) }];
  return {
    stream: randomUUID(),
    context,
    decide: () => ({ kind: 'append', events, state: Buffer.alloc(0), reply }),
  };
}
