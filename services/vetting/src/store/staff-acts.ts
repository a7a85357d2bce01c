import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ACCESS_ADMINISTERED, type AccessEventData, JSON_CONTENT } from '@sluice/contracts';
import { EventStore, EventStoreError } from '@sluice/event-store';
import { ProblemException, type RequestContext } from '@sluice/platform';

/** Records what the centre's staff look up, as access.events has it: an act that changes nothing has no event of its own. */
@Injectable()
export class StaffActs {
  constructor(private readonly store: EventStore) {}

  /** Resolves once it is on record; without that nothing may be answered. @throws ProblemException `cannot-record` */
  async record(act: Omit<AccessEventData<typeof ACCESS_ADMINISTERED>, 'by'>, context: RequestContext): Promise<void> {
    const payload = Buffer.from(JSON.stringify({ by: context.actor, ...act }));
    try {
      await this.store.execute({
        stream: randomUUID(),
        context,
        decide: () => ({
          kind: 'append',
          events: [{ type: ACCESS_ADMINISTERED, contentType: JSON_CONTENT, payload }],
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
