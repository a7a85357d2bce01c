import {
  ATTRIBUTE_CODES,
  type AttributeCode,
  type AttributeSet,
  attributeSet,
  type GrantMode,
  type LedgerBatch,
  type LedgerDecision,
  type LedgerSource,
  NIL_UUID,
  type PolicyChange,
  SOURCE_KIND,
  SOURCE_TOPIC,
  type SourceKind,
} from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Accreditation } from './agency.js';
import { decideAgencyNotice, decideChange, decideGrantNotice, decideSnapshot } from './decide.js';
import { decideUnderPolicy } from './decide-under-policy.js';
import type { Grant } from './grant.js';
import { underPolicy, withdraws } from './policy.js';

const NOW = 1_790_000_000_000;
const SUBJECT = '0190a000-0000-7000-8000-000000000101';
const GRANTS = ['6f0f6c1e-6f0b-4c52-9f0e-0d7a5c1f4a01', '6f0f6c1e-6f0b-4c52-9f0e-0d7a5c1f4a02'];
const AGENCIES = ['harbour-bank', 'beacon-credit'] as const;
const PURPOSES = ['kyc-refresh', 'credit-assessment'] as const;

function source(kind: SourceKind, attributes: AttributeSet): LedgerSource {
  return {
    topic: SOURCE_TOPIC.registry,
    kind,
    offset: 1n,
    eventId: NIL_UUID,
    subject: SUBJECT,
    version: 1,
    attributes,
    time: NOW,
    actor: 'person:1',
  };
}

const set = fc.subarray(ATTRIBUTE_CODES, { minLength: 1, maxLength: 8 });
const accreditation = fc.record({
  state: fc.constantFrom<Accreditation['state']>('accredited', 'accredited', 'suspended', 'revoked'),
  until: fc.constantFrom(NOW - 1, NOW + 1, NOW + 1),
  receives: fc
    .dictionary(
      fc.constantFrom(...PURPOSES),
      fc.record({ attributes: set, mode: fc.constantFrom('stream', 'snapshot') }),
    )
    .map(
      (entries): Accreditation['receives'] =>
        new Map(
          Object.entries(entries).map(([purpose, { attributes }]) => [
            purpose as (typeof PURPOSES)[number],
            { attributes: attributeSet(attributes), modes: new Set<GrantMode>(['stream', 'snapshot']) },
          ]),
        ),
    ),
});
const accreditations = fc
  .dictionary(fc.constantFrom(...AGENCIES), accreditation)
  .map((entries) => new Map(Object.entries(entries)));
const grantAt = (index: number) =>
  fc.record<Grant>({
    grant: fc.constant(GRANTS[index]!),
    version: fc.constant(2),
    agency: fc.constantFrom(...AGENCIES),
    purpose: fc.constantFrom(...PURPOSES),
    basis: fc.constant('consent'),
    attributes: set.map(attributeSet),
    mode: fc.constantFrom<GrantMode>('stream', 'snapshot'),
    validFrom: fc.constantFrom(0, NOW + 1),
    validUntil: fc.constantFrom(NOW + 2, NOW - 1),
    paused: fc.boolean(),
    awaiting: fc.constantFrom(null, 2),
  });
const on = { agency: fc.constantFrom(...AGENCIES), purpose: fc.constantFrom(...PURPOSES) };
const change: fc.Arbitrary<PolicyChange> = fc.oneof(
  fc.record({ kind: fc.constant('narrow-accreditation' as const), ...on, remove: set }),
  fc.record({ kind: fc.constant('widen-accreditation' as const), ...on, add: set }),
  fc.record({ kind: fc.constant('narrow-purpose' as const), purpose: on.purpose, remove: set }),
  fc.record({ kind: fc.constant('withdraw-grants' as const), ...on }),
  fc.record({ kind: fc.constantFrom('suspend-agency' as const, 'revoke-accreditation' as const), agency: on.agency }),
);

function released(decisions: readonly LedgerDecision[], grant: string): AttributeSet | null {
  return decisions.find((one) => one.grant === grant && one.outcome === 'delivered')?.attributes ?? null;
}

test('from the ledger alone the same follows as from the grants themselves, under any narrower or wider policy', () => {
  fc.assert(
    fc.property(
      accreditations,
      fc.tuple(grantAt(0), grantAt(1)),
      set.map(attributeSet),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      (then, grants, changed, changes) => {
        const proposed = underPolicy(then, changes);
        const decisions = decideChange(0, changed, grants, then, NOW);
        const direct = decideChange(0, changed, grants, proposed, NOW);
        const batch = { sources: [source(SOURCE_KIND.changed, changed)], decisions, decidedAt: NOW };
        const tried = decideUnderPolicy(batch, { then, proposed, changes });
        const touched = grants.filter((grant) => grant.mode === 'stream' && (grant.attributes & changed) !== 0);
        expect(tried).toHaveLength(touched.length);
        for (const grant of touched) {
          const withdrawn = withdraws(changes, grant.agency, grant.purpose);
          expect(tried).toContainEqual({
            subject: SUBJECT,
            agency: grant.agency,
            purpose: grant.purpose,
            before: released(decisions, grant.grant),
            after: withdrawn ? null : released(direct, grant.grant),
            reproduced: true,
          });
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test('a snapshot is decided again with what it held, also what was cut off', () => {
  fc.assert(
    fc.property(
      accreditations,
      grantAt(0),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      (then, grant, changes) => {
        const proposed = underPolicy(then, changes);
        const answers = { grant: grant.grant, grantVersion: grant.version };
        const decide = (under: typeof proposed) => decideSnapshot(0, grant.attributes, answers, [grant], under, NOW);
        const batch = {
          sources: [source(SOURCE_KIND.snapshot, grant.attributes)],
          decisions: decide(then),
          decidedAt: NOW,
        };
        const withdrawn = withdraws(changes, grant.agency, grant.purpose);
        expect(decideUnderPolicy(batch, { then, proposed, changes })).toMatchObject([
          {
            before: released(decide(then), grant.grant),
            after: withdrawn ? null : released(decide(proposed), grant.grant),
            reproduced: true,
          },
        ]);
      },
    ),
  );
});

const GRANT: Grant = {
  grant: GRANTS[0]!,
  version: 2,
  agency: 'harbour-bank',
  purpose: 'kyc-refresh',
  basis: 'consent',
  attributes: attributeSet(['mobilePhone', 'employer']),
  mode: 'stream',
  validFrom: 0,
  validUntil: NOW + 1,
  paused: false,
  awaiting: null,
};

function accredited(...attributes: AttributeCode[]): Map<string, Accreditation> {
  const modes = new Set<GrantMode>(['stream']);
  const receives: Accreditation['receives'] = new Map([
    ['kyc-refresh', { attributes: attributeSet(attributes), modes }],
  ]);
  return new Map([['harbour-bank', { state: 'accredited', until: NOW + 1, receives }]]);
}

const SUSPENSION: PolicyChange[] = [{ kind: 'suspend-agency', agency: 'harbour-bank' }];

function trial(
  batch: Pick<LedgerBatch, 'sources' | 'decisions'>,
  changes: PolicyChange[],
  then = accredited('mobilePhone'),
) {
  return decideUnderPolicy({ ...batch, decidedAt: NOW }, { then, proposed: underPolicy(then, changes), changes });
}

test('what was refused for lack of an accreditation is delivered under a wider one', () => {
  const decisions = decideChange(0, GRANT.attributes, [GRANT], accredited('mobilePhone'), NOW);
  const batch = { sources: [source(SOURCE_KIND.changed, GRANT.attributes)], decisions };
  const wider: PolicyChange = {
    kind: 'widen-accreditation',
    agency: 'harbour-bank',
    purpose: 'kyc-refresh',
    add: ['employer'],
  };
  expect(trial(batch, [wider])).toMatchObject([{ before: attributeSet(['mobilePhone']), after: GRANT.attributes }]);
});

test('notices go out whatever the policy is, so no policy is tried on them', () => {
  const sources = [source(SOURCE_KIND.grantStopped, 0), source(SOURCE_KIND.agencySuspended, 0)];
  const decisions = [decideGrantNotice(0, GRANT), decideAgencyNotice(1, 'harbour-bank')];
  expect(trial({ sources, decisions }, SUSPENSION)).toEqual([]);
});

test('what a replay repeated is not counted a second time', () => {
  const decisions = decideChange(0, GRANT.attributes, [GRANT], accredited('mobilePhone', 'employer'), NOW);
  const repeated = { ...source(SOURCE_KIND.changed, GRANT.attributes), replay: GRANTS[1]! };
  const batch = { sources: [repeated], decisions };
  expect(trial(batch, SUSPENSION, accredited('mobilePhone', 'employer'))).toEqual([]);
});

test('what an erased person’s key would have sealed is delivered under no policy', () => {
  const decisions = decideChange(0, GRANT.attributes, [GRANT], accredited('mobilePhone', 'employer'), NOW);
  const erased = decisions.map((one): LedgerDecision => ({ ...one, outcome: 'subject-erased' }));
  const batch = { sources: [source(SOURCE_KIND.changed, GRANT.attributes)], decisions: erased };
  expect(trial(batch, SUSPENSION, accredited('mobilePhone', 'employer'))).toMatchObject([
    { before: null, after: null, reproduced: true },
  ]);
});

test('a record that does not follow from what held then is told of, and no policy is tried on it', () => {
  const decisions = decideChange(0, GRANT.attributes, [GRANT], accredited('mobilePhone', 'employer'), NOW);
  const batch = { sources: [source(SOURCE_KIND.changed, GRANT.attributes)], decisions };
  expect(trial(batch, SUSPENSION, new Map())).toMatchObject([
    { before: GRANT.attributes, after: GRANT.attributes, reproduced: false },
  ]);
});
