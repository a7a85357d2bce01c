import { randomUUID } from 'node:crypto';
import { type AttributeCode, type AttributeValues, attributeSet } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isStale, Profile, type Provenance, textsOf } from './profile.js';
import { type Decision, decideChange, decideRegistration, decideSnapshot, evolve, type Nobody } from './subject.js';

const AT = 1_700_000_000_000;
const SELF: Provenance = { assertedBy: 'person:p', assertedAt: AT, assurance: 1 };
const BANK: Provenance = { assertedBy: 'agency:harbour-bank', assertedAt: AT + 5, assurance: 3, evidence: 'case/9' };

function apply(subject: Profile | Nobody, decision: Decision<never> | Decision<'unknown-subject' | 'stale-version'>) {
  if (decision === 'unchanged') return subject;
  if ('refused' in decision) throw new Error(decision.refused);
  return evolve(subject, decision);
}

const values = fc.record(
  {
    occupation: fc.constantFrom('Miller', 'Clerk', 'Pilot'),
    position: fc.constantFrom('Senior', 'Junior'),
    employer: fc.record({ name: fc.constantFrom('A', 'B') }),
    taxResidency: fc.subarray(['CN', 'FR', 'KE'], { minLength: 1 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<AttributeValues>;

test('whatever is asserted: an event holds only what differs, the profile holds the last values, the version counts changes', () => {
  fc.assert(
    fc.property(fc.array(values, { maxLength: 12 }), (assertions) => {
      let subject = Profile.NONE;
      const expected: AttributeValues = {};
      for (const [i, asserted] of assertions.entries()) {
        const provenance = { ...SELF, assertedAt: AT + i };
        const decision = decideChange(subject, { values: textsOf(asserted), provenance }, subject.version);
        const differing = Object.entries(asserted).filter(
          ([code, value]) => JSON.stringify(expected[code as keyof AttributeValues]) !== JSON.stringify(value),
        );
        Object.assign(expected, Object.fromEntries(differing));
        if (decision === 'unchanged') expect(differing).toEqual([]);
        else expect(decision).toEqual({ kind: 'changed', values: textsOf(Object.fromEntries(differing)), provenance });
        const next = apply(subject, decision) as Profile;
        expect(next.version).toBe(subject.version + (differing.length > 0 ? 1 : 0));
        for (const [code] of differing) expect(next.entry(code as AttributeCode)?.[2]).toBe(AT + i);
        subject = next;
      }
      expect(Object.fromEntries(subject.codes().map((code) => [code, subject.entry(code)![0]]))).toEqual(expected);
    }),
  );
});

test('only somebody absent is registered', () => {
  const assertion = { values: { occupation: '"Miller"' }, provenance: SELF };
  const decision = decideRegistration('absent', assertion);
  expect(decision).toEqual({ kind: 'registered', ...assertion });
  const registered = apply('absent', decision as Decision<never>) as Profile;
  expect(registered).toEqual(Profile.of(1, { occupation: ['Miller', 'person:p', AT, 1] }));
  expect(decideRegistration(registered, assertion)).toEqual({ refused: 'already-registered' });
  expect(decideRegistration('erased', assertion)).toEqual({ refused: 'already-registered' });
});

test('a change needs a subject and the version that was seen', () => {
  const assertion = { values: { occupation: '"Miller"' }, provenance: BANK };
  for (const nobody of ['absent', 'erased'] as const) {
    expect(decideChange(nobody, assertion, undefined)).toEqual({ refused: 'unknown-subject' });
  }
  const subject = Profile.of(4, {});
  expect(decideChange(subject, assertion, 3)).toEqual({ refused: 'stale-version' });
  expect(decideChange(subject, assertion, 5)).toEqual({ refused: 'stale-version' });
  expect(apply(subject, decideChange(subject, assertion, 4))).toEqual(
    Profile.of(5, { occupation: ['Miller', 'agency:harbour-bank', AT + 5, 3, 'case/9'] }),
  );
});

test('a stale If-Match is refused even where nothing would change', () => {
  const subject = Profile.of(4, { occupation: ['Miller', 'person:p', AT, 1] });
  expect(decideChange(subject, { values: { occupation: '"Miller"' }, provenance: SELF }, 3)).toEqual({
    refused: 'stale-version',
  });
});

test('a snapshot holds what the terms name and has a value, and is as sure as its least sure value', () => {
  const answers = { grant: randomUUID(), grantVersion: 2 };
  const subject = Profile.of(7, {
    occupation: ['Miller', 'person:p', AT, 2],
    name: ['Wei', 'agency:a', AT, 3, 'e'],
    email: ['a@b.org', 'person:p', AT, 1],
  });
  const decision = decideSnapshot(subject, attributeSet(['name', 'occupation', 'mobilePhone']), answers);
  expect(decision).toEqual({
    kind: 'snapshot',
    values: { name: '"Wei"', occupation: '"Miller"' },
    assurance: 2,
    answers,
  });
  // Nobody's view becomes stale: the version that callers see stays.
  expect(apply(subject, decision)).toEqual(subject);
});

test('a snapshot without values is taken all the same', () => {
  const answers = { grant: randomUUID(), grantVersion: 1 };
  expect(decideSnapshot(Profile.of(1, {}), attributeSet(['name']), answers)).toEqual({
    kind: 'snapshot',
    values: {},
    assurance: 1,
    answers,
  });
  expect(decideSnapshot('absent', attributeSet(['name']), answers)).toEqual({ refused: 'unknown-subject' });
});

test('a value is stale when it was not confirmed for longer than the catalogue says', () => {
  const entry = ['+8613800138000', 'person:p', AT, 1] as const;
  const day = 86_400_000;
  expect(isStale('mobilePhone', [...entry], AT + 180 * day)).toBe(false);
  expect(isStale('mobilePhone', [...entry], AT + 180 * day + 1)).toBe(true);
});
