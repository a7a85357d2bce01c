import { type Agency, type AgencyEvent, evolve } from './agency.js';

/** An agency at some time in the past. */
export interface PastAgency {
  readonly agency: Agency;
  /** When its version was recorded. */
  readonly since: Date;
}

/** The agency after the first events of its stream; undefined before its application. */
export function agencyAfter(events: readonly { event: AgencyEvent; recordedAt: Date }[]): PastAgency | undefined {
  let agency: Agency | undefined;
  for (const { event } of events) agency = evolve(agency, event);
  return agency && { agency, since: events.at(-1)!.recordedAt };
}
