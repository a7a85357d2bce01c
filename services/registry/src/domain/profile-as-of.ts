import { ATTRIBUTE_CODES, type AttributeCode } from '@sluice/contracts';
import type { Milestone } from './milestone.js';
import { type ProfileEntry, withValues } from './profile.js';
import { evolve, type Subject, type SubjectEvent } from './subject.js';

/** An event with its id. Its values were opened, or stand there without content where whoever asks may not see them. */
export interface PastEvent {
  readonly id: string;
  readonly event: SubjectEvent;
}

/** A value at some time in the past, and what brought it. */
export interface PastEntry {
  readonly entry: ProfileEntry;
  readonly event: string;
  /** The profile's version that brought it. */
  readonly version: number;
}

export interface PastProfile {
  readonly version: number;
  readonly attributes: ReadonlyMap<AttributeCode, PastEntry>;
}

/**
 * The profile after events of a person's stream: after the first ones, or after those that follow `start`, the profile that
 * the ones before had made. Undefined before the registration.
 */
export function profileAfter(events: readonly PastEvent[], start?: PastProfile): PastProfile | undefined {
  let subject = start === undefined ? undefined : subjectOf(start);
  const attributes = new Map(start?.attributes);
  for (const { id, event } of events) {
    subject = evolve(subject ?? 'absent', event);
    if (event.kind === 'snapshot') continue;
    const { version, profile } = subject;
    for (const code of Object.keys(event.values) as AttributeCode[]) {
      attributes.set(code, { entry: profile[code]!, event: id, version });
    }
  }
  if (subject === undefined) return undefined;
  const inOrder = ATTRIBUTE_CODES.flatMap((code) => {
    const entry = attributes.get(code);
    return entry === undefined ? [] : [[code, entry] as const];
  });
  return { version: subject.version, attributes: new Map(inOrder) };
}

/**
 * The profile at a milestone.
 * @param events by the stream's version, those that the milestone names
 * @throws RangeError where one of them is missing, or did not bring what the milestone says
 */
export function profileAt({ changes, broughtBy }: Milestone, events: ReadonlyMap<number, PastEvent>): PastProfile {
  const attributes = new Map<AttributeCode, PastEntry>();
  for (const [name, [version, change]] of Object.entries(broughtBy)) {
    const code = name as AttributeCode;
    const past = events.get(version);
    if (past === undefined || past.event.kind === 'snapshot' || !(code in past.event.values)) {
      throw new RangeError(`version ${version} did not bring ${code}`);
    }
    const { values, provenance } = past.event;
    const { [code]: entry } = withValues({}, { [code]: values[code] }, provenance);
    attributes.set(code, { entry: entry!, event: past.id, version: change });
  }
  return { version: changes, attributes };
}

function subjectOf({ version, attributes }: PastProfile): Subject {
  return { version, profile: Object.fromEntries([...attributes].map(([code, { entry }]) => [code, entry])) };
}
