import { type AttributeCode, type AttributeSet, type AttributeValues, attributesIn } from '@sluice/contracts';
import { type Assurance, type Profile, type Provenance, withValues } from './profile.js';
import type { Refusal } from './refusal.js';
import { sameValue } from './same-value.js';

/**
 * A person as the registry knows them. `version` counts the changes of their values, and is what callers see: a
 * snapshot is an event too, but it makes nobody's view stale.
 */
export interface Subject {
  readonly version: number;
  readonly profile: Profile;
}

/** Somebody the registry does not know, or whose data key was destroyed: nobody can say any more what it knew. */
export type Nobody = 'absent' | 'erased';

/** What happens to a subject. */
export type SubjectEvent =
  | { readonly kind: 'registered' | 'changed'; readonly values: AttributeValues; readonly provenance: Provenance }
  | {
      readonly kind: 'snapshot';
      readonly values: AttributeValues;
      /** The lowest of the values': what the snapshot as a whole can be relied on for. */
      readonly assurance: Assurance;
      readonly answers: { readonly grant: string; readonly grantVersion: number };
    };

/** What is asked: values that the catalogue accepted, and who asserts them. */
export interface Assertion {
  readonly values: AttributeValues;
  readonly provenance: Provenance;
}

const UNREGISTERED: Subject = { version: 0, profile: {} };

export type Decision<R extends Refusal['refused']> = SubjectEvent | 'unchanged' | Refusal<R>;

export function decideRegistration(
  subject: Subject | Nobody,
  { values, provenance }: Assertion,
): Decision<'already-registered'> {
  if (subject !== 'absent') return { refused: 'already-registered' };
  return { kind: 'registered', values, provenance };
}

/** `seen`: the version the caller based the change on; a filing names none, there the order of its lines decides. */
export function decideChange(
  subject: Subject | Nobody,
  { values, provenance }: Assertion,
  seen: number | undefined,
): Decision<'unknown-subject' | 'stale-version'> {
  if (typeof subject === 'string') return { refused: 'unknown-subject' };
  if (seen !== undefined && seen !== subject.version) return { refused: 'stale-version' };
  const changed = changedValues(subject.profile, values);
  return changed === undefined ? 'unchanged' : { kind: 'changed', values: changed, provenance };
}

/** A snapshot of nothing is still one: it marks where in the subject's stream a grant begins. */
export function decideSnapshot(
  subject: Subject | Nobody,
  attributes: AttributeSet,
  answers: { grant: string; grantVersion: number },
): Decision<'unknown-subject'> {
  if (typeof subject === 'string') return { refused: 'unknown-subject' };
  const values: AttributeValues = {};
  let assurance: Assurance = 3;
  let empty = true;
  for (const code of attributesIn(attributes)) {
    const entry = subject.profile[code];
    if (entry === undefined) continue;
    values[code] = entry[0];
    assurance = Math.min(assurance, entry[3]) as Assurance;
    empty = false;
  }
  return { kind: 'snapshot', values, assurance: empty ? 1 : assurance, answers };
}

export function evolve(subject: Subject | Nobody, event: SubjectEvent): Subject {
  const before = typeof subject === 'string' ? UNREGISTERED : subject;
  if (event.kind === 'snapshot') return before;
  return { version: before.version + 1, profile: withValues(before.profile, event.values, event.provenance) };
}

function changedValues(profile: Profile, values: AttributeValues): AttributeValues | undefined {
  let changed: AttributeValues | undefined;
  for (const name in values) {
    const code = name as AttributeCode;
    const present = profile[code];
    if (present !== undefined && sameValue(present[0], values[code])) continue;
    changed ??= {};
    changed[code] = values[code];
  }
  return changed;
}
