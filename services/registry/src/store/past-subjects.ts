import { Injectable } from '@nestjs/common';
import { EventStore, type StoredEvent } from '@sluice/event-store';
import { SubjectKeys } from '@sluice/vault';
import { type PastEvent, type PastProfile, profileAfter, profileAt } from '../domain/profile-as-of.js';
import { MILESTONE_EVERY, Milestones } from './milestones.js';
import { storedEvent } from './stored-event.js';

/** Looks back into the streams of persons. */
@Injectable()
export class PastSubjects {
  constructor(
    private readonly events: EventStore,
    private readonly keys: SubjectKeys,
    private readonly milestones: Milestones,
  ) {}

  /**
   * The profile at a time, by the recorded times of the events: a value counts from when its event was recorded.
   * Undefined of somebody who was not registered by then, or whose data key was destroyed since.
   * @param withValues without, the clear heads of the events are read and nothing is opened
   * @throws SealBroken where a stored event does not open under its subject's key
   */
  async profile(subject: string, at: Date, withValues: boolean): Promise<PastProfile | undefined> {
    const [{ milestone, until }] = await Promise.all([
      this.milestones.before(subject, at),
      this.keys.preload([subject], false),
    ]);
    const key = this.keys.get(subject);
    if (key === undefined) return undefined;
    const past = ({ eventId: id, stream, payload, recordedAt }: StoredEvent): PastEvent => ({
      id,
      event: storedEvent(stream, payload, recordedAt.getTime(), withValues ? key : undefined),
    });
    const { version: after, broughtBy } = milestone;
    const later = this.events.readStreamAsOf(subject, at, { after, ...(until !== undefined && { until }) });
    if (after === 0) {
      const all = await later;
      // A stream that grew long before there were milestones: whoever looks next has them.
      if (all.length > 2 * MILESTONE_EVERY) this.milestones.due(subject);
      return profileAfter(all.map(past));
    }
    const versions = [...new Set(Object.values(broughtBy).map(([version]) => version))];
    const [named, behind] = await Promise.all([this.events.readVersions(subject, versions), later]);
    const start = profileAt(milestone, new Map(named.map((event) => [event.version, past(event)])));
    return profileAfter(behind.map(past), start);
  }
}
