import { type AttributeCode, attributeSet, attributesIn, type PurposeCode } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Agency } from './agency.js';
import { decideChange, decideSnapshot } from './decide.js';
import type { Grant } from './grant.js';

const NOW = 1_790_000_000_000;
const SET = (...codes: AttributeCode[]) => attributeSet(codes);

function agency(over: Partial<Agency> = {}): Agency {
  return {
    code: 'harbour-bank',
    version: 3,
    state: 'accredited',
    until: NOW + 1_000,
    receives: new Map([
      [
        'kyc-refresh',
        { attributes: SET('mobilePhone', 'homeAddress'), modes: new Set(['stream', 'snapshot'] as const) },
      ],
    ]),
    publicKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
    keyEpoch: 1,
    ...over,
  };
}

function grant(over: Partial<Grant> = {}): Grant {
  return {
    grant: '11111111-1111-4111-8111-111111111111',
    version: 4,
    agency: 'harbour-bank',
    purpose: 'kyc-refresh',
    basis: 'consent',
    attributes: SET('mobilePhone'),
    mode: 'stream',
    validFrom: NOW - 1_000,
    validUntil: NOW + 1_000,
    paused: false,
    awaiting: null,
    ...over,
  };
}

const agencies = (one: Agency | null = agency()) => new Map(one === null ? [] : [[one.code, one]]);
const decide = (changed: number, one: Grant, of = agencies(), now = NOW) => decideChange(0, changed, [one], of, now);

test('exactly the changed attributes that the grant names are released', () => {
  const [decision, ...more] = decide(SET('mobilePhone', 'employer'), grant());
  expect(more).toEqual([]);
  expect(decision).toMatchObject({ outcome: 'delivered', grantVersion: 4, purpose: 'kyc-refresh', basis: 'consent' });
  expect(attributesIn(decision!.attributes)).toEqual(['mobilePhone']);
});

test('a change of nothing that is granted gives no decision at all', () => {
  expect(decide(SET('employer'), grant())).toEqual([]);
});

test.each([
  ['a paused grant', { paused: true }, {}, 'grant-paused'],
  ['a grant that has run out', { validUntil: NOW }, {}, 'outside-validity'],
  ['a grant that has not begun', { validFrom: NOW + 1 }, {}, 'outside-validity'],
  ['a grant whose snapshot is still to come', { awaiting: 4 }, {}, 'awaiting-snapshot'],
  ['a suspended agency', {}, { state: 'suspended' }, 'agency-suspended'],
  ['a revoked agency', {}, { state: 'revoked' }, 'not-accredited'],
  ['an accreditation that has run out', {}, { until: NOW }, 'not-accredited'],
  [
    'an accreditation without the purpose',
    { purpose: 'tax-administration' as PurposeCode },
    {},
    'accreditation-narrower',
  ],
] as const)('%s receives nothing', (_name, grantPart, agencyPart, outcome) => {
  expect(decide(SET('mobilePhone'), grant(grantPart), agencies(agency(agencyPart)))).toMatchObject([{ outcome }]);
});

test('an unknown agency receives nothing', () => {
  expect(decide(SET('mobilePhone'), grant(), agencies(null))).toMatchObject([{ outcome: 'not-accredited' }]);
});

test('a grant wider than the accreditation is cut to it, and the rest recorded as refused', () => {
  const wide = grant({ attributes: SET('mobilePhone', 'email') });
  expect(decide(SET('mobilePhone', 'email'), wide)).toMatchObject([
    { outcome: 'delivered', attributes: SET('mobilePhone') },
    { outcome: 'accreditation-narrower', attributes: SET('email') },
  ]);
});

test('whatever the grants: nothing beyond grant, accreditation and change is ever released', () => {
  const bits = fc.nat(2 ** 23 - 1);
  fc.assert(
    fc.property(bits, bits, bits, fc.boolean(), fc.boolean(), (changed, granted, accredited, paused, suspended) => {
      const of = agencies(
        agency({
          state: suspended ? 'suspended' : 'accredited',
          receives: new Map([['kyc-refresh', { attributes: accredited, modes: new Set(['stream'] as const) }]]),
        }),
      );
      const decisions = decideChange(0, changed, [grant({ attributes: granted, paused })], of, NOW);
      const released = decisions
        .filter((one) => one.outcome === 'delivered')
        .reduce((set, one) => set | one.attributes, 0);
      expect(released >>> 0).toBe(paused || suspended ? 0 : (changed & granted & accredited) >>> 0);
    }),
  );
});

test('a snapshot answers only its own grant, within grant and accreditation', () => {
  const answers = { grant: grant().grant, grantVersion: 4 };
  const wide = grant({ attributes: SET('mobilePhone', 'email'), awaiting: 4 });
  const decisions = decideSnapshot(0, SET('mobilePhone', 'email', 'employer'), answers, [wide], agencies(), NOW);
  expect(decisions).toMatchObject([{ outcome: 'delivered', attributes: SET('mobilePhone') }]);
  expect(decideSnapshot(0, SET('mobilePhone'), { ...answers, grant: '2' }, [wide], agencies(), NOW)).toEqual([]);
});
