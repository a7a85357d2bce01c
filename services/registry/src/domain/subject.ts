import { type AttributeCode, type AttributeSet, attributesIn } from '@sluice/contracts';
import { type Assurance, Profile, type Provenance, type ValueTexts, type Writable } from './profile.js';
import type { Refusal } from './refusal.js';

/** Somebody the registry does not know, or whose data key was destroyed: nobody can say any more what it knew. */
export type Nobody = 'absent' | 'erased';

/** What happens to a subject. */
export type SubjectEvent =
  | { readonly kind: 'registered' | 'changed'; readonly values: ValueTexts; readonly provenance: Provenance }
  | {
      readonly kind: 'snapshot';
      readonly values: ValueTexts;
      /** The lowest of the values': what the snapshot as a whole can be relied on for. */
      readonly assurance: Assurance;
      readonly answers: { readonly grant: string; readonly grantVersion: number };
    };

/** What is asked: values that the catalogue accepted, and who asserts them. */
export interface Assertion {
  readonly values: ValueTexts;
  readonly provenance: Provenance;
}

export type Decision<R extends Refusal['refused']> = SubjectEvent | 'unchanged' | Refusal<R>;

export function decideRegistration(
  subject: Profile | Nobody,
  { values, provenance }: Assertion,
): Decision<'already-registered'> {
  if (subject !== 'absent') return { refused: 'already-registered' };
  return { kind: 'registered', values, provenance };
}

/** `seen`: the version the caller based the change on; a filing names none, there the order of its lines decides. */
export function decideChange(
  subject: Profile | Nobody,
  { values, provenance }: Assertion,
  seen: number | undefined,
): Decision<'unknown-subject' | 'stale-version'> {
  if (typeof subject === 'string') return { refused: 'unknown-subject' };
  if (seen !== undefined && seen !== subject.version) return { refused: 'stale-version' };
  const changed = changedValues(subject, values);
  return changed === undefined ? 'unchanged' : { kind: 'changed', values: changed, provenance };
}

/** A snapshot of nothing is still one: it marks where in the subject's stream a grant begins. */
export function decideSnapshot(
  subject: Profile | Nobody,
  attributes: AttributeSet,
  answers: { grant: string; grantVersion: number },
): Decision<'unknown-subject'> {
  if (typeof subject === 'string') return { refused: 'unknown-subject' };
  const values: Writable<ValueTexts> = {};
  let assurance: Assurance = 3;
  let empty = true;
  for (const code of attributesIn(attributes)) {
    const entry = subject.entry(code);
    if (entry === undefined) continue;
    values[code] = subject.text(code)!;
    assurance = Math.min(assurance, entry[3]) as Assurance;
    empty = false;
  }
  return { kind: 'snapshot', values, assurance: empty ? 1 : assurance, answers };
}

export function evolve(subject: Profile | Nobody, event: SubjectEvent): Profile {
  const before = typeof subject === 'string' ? Profile.NONE : subject;
  return event.kind === 'snapshot' ? before : before.with(event.values, event.provenance);
}

function changedValues(profile: Profile, values: ValueTexts): ValueTexts | undefined {
  let changed: Writable<ValueTexts> | undefined;
  for (const name in values) {
    const code = name as AttributeCode;
    const text = values[code]!;
    if (profile.text(code) === text) continue;
    changed ??= {};
    changed[code] = text;
  }
  return changed;
}
