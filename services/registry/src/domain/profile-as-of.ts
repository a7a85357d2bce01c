import { ATTRIBUTE_CODES, type AttributeCode } from '@sluice/contracts';
import type { Milestone } from './milestone.js';
import { entryOf, type ProfileEntry } from './profile.js';
import type { SubjectEvent } from './subject.js';

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
  if (start === undefined && events.length === 0) return undefined;
  let version = start?.version ?? 0;
  const brought = new Map<AttributeCode, () => PastEntry>();
  for (const [code, entry] of start?.attributes ?? []) brought.set(code, () => entry);
  for (const { id, event } of events) {
    if (event.kind === 'snapshot') continue;
    version += 1;
    const { values, provenance } = event;
    const past = { event: id, version };
    for (const name in values) {
      const code = name as AttributeCode;
      brought.set(code, () => ({ entry: entryOf(values[code], provenance), ...past }));
    }
  }
  const attributes = new Map<AttributeCode, PastEntry>();
  for (const code of ATTRIBUTE_CODES) {
    const entry = brought.get(code);
    if (entry !== undefined) attributes.set(code, entry());
  }
  return { version, attributes };
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
    attributes.set(code, { entry: entryOf(values[code], provenance), event: past.id, version: change });
  }
  return { version: changes, attributes };
}
