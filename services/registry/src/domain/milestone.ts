import type { AttributeCode } from '@sluice/contracts';
import type { SubjectEvent } from './subject.js';

/** The stream's version and the profile's that brought a value. */
export type BroughtBy = readonly [version: number, change: number];

/** Which events a person's profile was made of after one of them: where a look back can start from. It holds no value. */
export interface Milestone {
  /** The stream's. */
  readonly version: number;
  /** The profile's: how many of the events were changes. */
  readonly changes: number;
  /** The latest of the events' recorded times, in ms since 1970: a clock that was set back does not lower it. */
  readonly recordedBy: number;
  readonly broughtBy: { readonly [C in AttributeCode]?: BroughtBy };
}

export const BEFORE_ALL: Milestone = { version: 0, changes: 0, recordedBy: 0, broughtBy: {} };

/** The milestone after one more event; of the event's values only the codes are looked at. */
export function passed(before: Milestone, event: SubjectEvent, recordedAt: number): Milestone {
  const version = before.version + 1;
  const recordedBy = Math.max(before.recordedBy, recordedAt);
  if (event.kind === 'snapshot') return { ...before, version, recordedBy };
  const changes = before.changes + 1;
  const broughtBy: { [C in AttributeCode]?: BroughtBy } = { ...before.broughtBy };
  for (const code of Object.keys(event.values) as AttributeCode[]) broughtBy[code] = [version, changes];
  return { version, changes, recordedBy, broughtBy };
}
