import { evolve } from './evolve.js';
import type { Grant, GrantEvent } from './grant.js';

/** An event with the time at which it was recorded. */
export interface RecordedEvent {
  readonly event: GrantEvent;
  readonly recordedAt: Date;
}

/** A grant at some time in the past. */
export interface PastGrant {
  readonly grant: Grant;
  /** When the sides last changed it. */
  readonly since: Date;
}

/**
 * All grants of a person after the first events of their stream, in the order in which they began. Unlike the state that
 * decisions are made on it keeps those that are over: they are what somebody looks back for.
 */
export function grantsAfter(events: readonly RecordedEvent[]): PastGrant[] {
  const grants = new Map<string, PastGrant>();
  for (const { event, recordedAt } of events) {
    const before = grants.get(event.data.grant);
    const grant = evolve(before?.grant, event);
    const changed = before === undefined || grant.changedIn !== before.grant.changedIn;
    grants.set(grant.grant, { grant, since: changed ? recordedAt : before.since });
  }
  return [...grants.values()];
}
