import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  ACCESS_ADMINISTERED,
  ACCESS_READ,
  ACCESS_REFUSED,
  type AccessEventData,
  type AccessEventType,
  JSON_CONTENT,
} from '@sluice/contracts';
import { type Command, type EventContext, EventStore, EventStoreError } from '@sluice/event-store';
import {
  LOGGER,
  type Logger,
  ProblemException,
  type RecordedRefusal,
  type RefusalRecorder,
  Refusals,
} from '@sluice/platform';

/** Records of access have no state: each is a stream of its own. */
const NO_STATE = Buffer.alloc(0);

/**
 * Records of access.events: who read what of whom, what the centre's staff did, and who was refused; in the service's
 * own log, from which the relay publishes them. All of them are on record before the answer is given: where one cannot
 * be recorded, the answer is `cannot-record`.
 */
@Injectable()
export class AccessRecords implements RefusalRecorder {
  constructor(
    private readonly store: EventStore,
    refusals: Refusals,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    refusals.recordWith(this);
  }

  /** @throws ProblemException `cannot-record`: nothing may be shown then */
  async read(data: AccessEventData<typeof ACCESS_READ>, context: EventContext): Promise<void> {
    await this.#append(ACCESS_READ, data, context);
  }

  /** What staff tried or looked up: an act that changes nothing has no event of its own. @throws as `read` */
  async administered(
    act: Omit<AccessEventData<typeof ACCESS_ADMINISTERED>, 'by'>,
    context: EventContext,
  ): Promise<void> {
    await this.#append(ACCESS_ADMINISTERED, { by: context.actor, ...act }, context);
  }

  /** Who was refused to know something of a person; it shows in that person's history. @throws as `read` */
  async refused(data: AccessEventData<typeof ACCESS_REFUSED>, context: EventContext): Promise<void> {
    await this.#append(ACCESS_REFUSED, data, context);
  }

  /** A request that was refused for who made it. */
  async record({ actor, endpoint, code, correlationId, traceparent }: RecordedRefusal): Promise<void> {
    const context = { actor, correlationId, ...(traceparent !== undefined && { traceparent }) };
    await this.refused({ by: actor, endpoint: endpoint ?? 'none', problem: code }, context);
  }

  async #append<T extends AccessEventType>(type: T, data: AccessEventData<T>, context: EventContext): Promise<void> {
    try {
      await this.store.execute(accessRecord(type, data, context, null));
    } catch (err) {
      if (!(err instanceof EventStoreError)) throw err;
      this.logger.error({ err, type }, 'an access could not be recorded');
      throw new ProblemException('cannot-record');
    }
  }
}

/** The command that records an access, for who executes it together with something else. */
export function accessRecord<T extends AccessEventType, R>(
  type: T,
  data: AccessEventData<T>,
  context: EventContext,
  reply: R,
): Command<R> {
  const events = [{ type, contentType: JSON_CONTENT, payload: Buffer.from(JSON.stringify(data)) }];
  return { stream: randomUUID(), context, decide: () => ({ kind: 'append', events, state: NO_STATE, reply }) };
}
