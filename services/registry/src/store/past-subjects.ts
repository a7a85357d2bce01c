import { Injectable } from '@nestjs/common';
import { EventStore } from '@sluice/event-store';
import { SubjectKeys } from '@sluice/vault';
import { type PastProfile, profileAfter } from '../domain/profile-as-of.js';
import { storedEvent } from './stored-event.js';

/** Looks back into the streams of persons. */
@Injectable()
export class PastSubjects {
  constructor(
    private readonly events: EventStore,
    private readonly keys: SubjectKeys,
  ) {}

  /**
   * The profile at a time, by the recorded times of the events: a value counts from when its event was recorded.
   * Undefined of somebody who was not registered by then, or whose data key was destroyed since.
   * @param withValues without, the clear heads of the events are read and nothing is opened
   * @throws SealBroken where a stored event does not open under its subject's key
   */
  async profile(subject: string, at: Date, withValues: boolean): Promise<PastProfile | undefined> {
    const [stored] = await Promise.all([this.events.readStreamAsOf(subject, at), this.keys.preload([subject], false)]);
    const key = this.keys.get(subject);
    if (key === undefined) return undefined;
    return profileAfter(
      stored.map(({ eventId: id, stream, payload, recordedAt }) => ({
        id,
        event: storedEvent(stream, payload, recordedAt.getTime(), withValues ? key : undefined),
      })),
    );
  }
}
