import { Injectable } from '@nestjs/common';
import type { ConsentEventData, ConsentEventType } from '@sluice/contracts';
import { EventStore } from '@sluice/event-store';
import type { GrantEvent } from '../domain/grant.js';
import { grantsAfter, type PastGrant } from '../domain/grants-as-of.js';

/** Looks back into the streams of persons. */
@Injectable()
export class PastGrants {
  constructor(private readonly store: EventStore) {}

  /** The grants of a person at a time, by the recorded times of the events; none of somebody unknown. */
  async of(subject: string, at: Date): Promise<PastGrant[]> {
    const stored = await this.store.readStreamAsOf(subject, at);
    return grantsAfter(
      stored.map(({ type, payload, recordedAt }) => {
        const data = JSON.parse(payload.toString()) as ConsentEventData<ConsentEventType>;
        return { event: { type, data } as GrantEvent, recordedAt };
      }),
    );
  }
}
