import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  ACCESS_ADMINISTERED,
  ACCESS_READ,
  ACCESS_REFUSED,
  type AccessEventData,
  type AccessEventType,
  JSON_CONTENT,
} from '@sluice/contracts';
import { EventStore, EventStoreError } from '@sluice/event-store';
import { ProblemException, type RequestContext } from '@sluice/platform';

/** Records who read, or was refused, whose history. Each record has a stream of its own. */
@Injectable()
export class AccessRecords {
  constructor(private readonly store: EventStore) {}

  /** Resolves once the reading is on record; without that nothing may be answered. @throws ProblemException cannot-record */
  async read(data: AccessEventData<typeof ACCESS_READ>, context: RequestContext): Promise<void> {
    await this.#append(ACCESS_READ, data, context);
  }

  /** As `read`. */
  async refused(data: AccessEventData<typeof ACCESS_REFUSED>, context: RequestContext): Promise<void> {
    await this.#append(ACCESS_REFUSED, data, context);
  }

  /** As `read`, of what is about no single person. */
  async administered(data: AccessEventData<typeof ACCESS_ADMINISTERED>, context: RequestContext): Promise<void> {
    await this.#append(ACCESS_ADMINISTERED, data, context);
  }

  async #append(type: AccessEventType, data: object, context: RequestContext): Promise<void> {
    const payload = Buffer.from(JSON.stringify(data));
    try {
      await this.store.execute({
        stream: randomUUID(),
        context,
        decide: () => ({
          kind: 'append',
          events: [{ type, contentType: JSON_CONTENT, payload }],
          state: Buffer.alloc(0),
          reply: null,
        }),
      });
    } catch (error) {
      if (!(error instanceof EventStoreError)) throw error;
      throw new ProblemException('cannot-record');
    }
  }
}
