import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ACCESS_REFUSED, type AccessEventData, JSON_CONTENT } from '@sluice/contracts';
import { EventStore } from '@sluice/event-store';
import { type RecordedRefusal, type RefusalRecorder, Refusals } from '@sluice/platform';

/** Requests refused for who made them, as records of access.events. */
@Injectable()
export class RecordRefusals implements RefusalRecorder {
  constructor(
    private readonly store: EventStore,
    refusals: Refusals,
  ) {
    refusals.recordWith(this);
  }

  async record({ actor, endpoint, code, correlationId, traceparent }: RecordedRefusal): Promise<void> {
    const data: AccessEventData<typeof ACCESS_REFUSED> = { by: actor, endpoint: endpoint ?? 'none', problem: code };
    await this.store.execute({
      stream: randomUUID(),
      context: { actor, correlationId, ...(traceparent !== undefined && { traceparent }) },
      decide: () => ({
        kind: 'append',
        events: [{ type: ACCESS_REFUSED, contentType: JSON_CONTENT, payload: Buffer.from(JSON.stringify(data)) }],
        state: Buffer.alloc(0),
        reply: null,
      }),
    });
  }
}
