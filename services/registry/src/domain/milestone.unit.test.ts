import type { AttributeCode, AttributeValues } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BEFORE_ALL, passed } from './milestone.js';
import { textsOf } from './profile.js';
import { type PastEvent, profileAfter, profileAt } from './profile-as-of.js';
import type { SubjectEvent } from './subject.js';

const values = fc
  .record(
    {
      occupation: fc.constantFrom('Miller', 'Clerk', 'Pilot'),
      position: fc.constantFrom('Senior', 'Junior'),
      email: fc.constantFrom('a@b.org', 'c@d.org'),
    },
    { requiredKeys: [] },
  )
  .map((values) => textsOf(values as AttributeValues));

const changed = fc.record({ values, assertedAt: fc.nat(1_000), evidence: fc.constantFrom(undefined, 'case/9') }).map(
  ({ values, assertedAt, evidence }): SubjectEvent => ({
    kind: 'changed',
    values,
    provenance: { assertedBy: 'agency:a', assertedAt, assurance: 2, ...(evidence !== undefined && { evidence }) },
  }),
);
const snapshot = values.map(
  (values): SubjectEvent => ({
    kind: 'snapshot',
    values,
    assurance: 1,
    answers: { grant: '0190b3c0-0000-7000-8000-000000000001', grantVersion: 1 },
  }),
);
const history = fc
  .array(fc.oneof({ weight: 3, arbitrary: changed }, { weight: 1, arbitrary: snapshot }), {
    minLength: 1,
    maxLength: 20,
  })
  .map((events) => events.map((event, index): PastEvent => ({ id: `event-${index + 1}`, event })));

test('wherever the milestone stands, a look back from it sees what one from the beginning sees', () => {
  fc.assert(
    fc.property(history, fc.nat(20), (events, at) => {
      const place = 1 + (at % events.length);
      const milestone = events
        .slice(0, place)
        .reduce((before, { event }, index) => passed(before, event, 20 - index), BEFORE_ALL);
      expect(milestone).toMatchObject({ version: place, recordedBy: 20 });
      const byVersion = new Map(events.map((event, index) => [index + 1, event]));
      const start = profileAt(milestone, byVersion);
      expect(profileAfter(events.slice(place), start)).toEqual(profileAfter(events));
      expect(start).toEqual(profileAfter(events.slice(0, place)) ?? { version: 0, attributes: new Map() });
    }),
  );
});

test('a milestone that names an event which brought nothing of the kind is not believed', () => {
  const event: SubjectEvent = {
    kind: 'changed',
    values: { email: '"a@b.org"' },
    provenance: { assertedBy: 'agency:a', assertedAt: 1, assurance: 1 },
  };
  const claims = (code: AttributeCode, version: number) => () =>
    profileAt({ ...BEFORE_ALL, broughtBy: { [code]: [version, 1] } }, new Map([[1, { id: 'one', event }]]));
  expect(claims('email', 1)).not.toThrow();
  expect(claims('occupation', 1)).toThrow(RangeError);
  expect(claims('email', 2)).toThrow(RangeError);
});
