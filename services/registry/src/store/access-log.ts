import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  ACCESS_READ,
  ACCESS_REFUSED,
  type AccessEventData,
  type AccessEventType,
  JSON_CONTENT,
} from '@sluice/contracts';
import { type EventContext, EventStore } from '@sluice/event-store';
import {
  LOGGER,
  type Logger,
  ProblemException,
  type RecordedRefusal,
  type RefusalRecorder,
  Refusals,
  SHUTDOWN_ORDER,
  Shutdown,
} from '@sluice/platform';
import { Pool } from 'pg';
import { EventRelay } from './event-relay.js';
import { SCHEMA } from './schema.js';

/** Access records have no state: each is a stream of its own. */
const NO_STATE = Buffer.alloc(0);

/**
 * Records who read what, and who was refused, in the same log as the changes. It has an event store of its own, because
 * these streams are no subjects: nobody should look for their data keys.
 */
@Injectable()
export class AccessLog implements RefusalRecorder {
  private readonly events: EventStore;

  constructor(
    pool: Pool,
    relay: EventRelay,
    refusals: Refusals,
    shutdown: Shutdown,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.events = new EventStore({ pool, schema: SCHEMA, onAppended: () => relay.nudge() });
    refusals.recordWith(this);
    shutdown.onShutdown('access log', () => this.events.close(), SHUTDOWN_ORDER.stores);
  }

  /** Resolves once the reading is on record. @throws ProblemException `cannot-record`: nothing may be shown then */
  async read(data: AccessEventData<typeof ACCESS_READ>, context: EventContext): Promise<void> {
    try {
      await this.append(ACCESS_READ, data, context);
    } catch (err) {
      this.logger.error({ err }, 'a reading could not be recorded');
      throw new ProblemException('cannot-record');
    }
  }

  /** Who was refused to know something of a person; it shows in that person's history. */
  async refused(data: AccessEventData<typeof ACCESS_REFUSED>, context: EventContext): Promise<void> {
    await this.append(ACCESS_REFUSED, data, context);
  }

  async record({ code, endpoint, actor, correlationId, traceparent }: RecordedRefusal): Promise<void> {
    await this.append(
      ACCESS_REFUSED,
      { by: actor, endpoint: endpoint ?? 'none', problem: code },
      { actor, correlationId, ...(traceparent !== undefined && { traceparent }) },
    );
  }

  private async append<T extends AccessEventType>(
    type: T,
    data: AccessEventData<T>,
    context: EventContext,
  ): Promise<void> {
    const payload = Buffer.from(JSON.stringify(data));
    await this.events.execute({
      stream: randomUUID(),
      context,
      decide: () => ({
        kind: 'append',
        events: [{ type, contentType: JSON_CONTENT, payload }],
        state: NO_STATE,
        reply: null,
      }),
    });
  }
}
