import { ATTRIBUTE_CODES, type AttributeCode } from '@sluice/contracts';
import type { ProfileEntry } from './profile.js';
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

/** The profile after the first events of a person's stream; undefined before the registration. */
export function profileAfter(events: readonly PastEvent[]): PastProfile | undefined {
  let subject: Subject | undefined;
  const attributes = new Map<AttributeCode, PastEntry>();
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
