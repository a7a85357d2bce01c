import { attributeSet, attributesIn, type LedgerDecision, SOURCE_KIND } from '@sluice/contracts';
import { expect, test } from 'vitest';
import type { Agency } from './agency.js';
import { decideAgain } from './decide-again.js';
import type { Grant } from './grant.js';

const NOW = 1_790_000_000_000;

const grant: Grant = {
  grant: '0190a000-0000-7000-8000-000000000001',
  version: 5,
  agency: 'harbour-bank',
  purpose: 'kyc-refresh',
  basis: 'consent',
  attributes: attributeSet(['mobilePhone', 'email', 'employer']),
  mode: 'stream',
  validFrom: NOW - 1_000,
  validUntil: NOW + 1_000,
  paused: false,
  awaiting: null,
};

const agency: Agency = {
  code: 'harbour-bank',
  version: 1,
  state: 'accredited',
  until: NOW + 1_000,
  receives: new Map([
    ['kyc-refresh', { attributes: attributeSet(['mobilePhone', 'employer']), modes: new Set(['stream' as const]) }],
  ]),
  publicKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
  keyEpoch: 1,
};

const recorded: LedgerDecision = {
  source: 99,
  agency: 'harbour-bank',
  outcome: 'delivered',
  grant: grant.grant,
  grantVersion: 2,
  attributes: attributeSet(['mobilePhone', 'email', 'homeAddress']),
  purpose: 'kyc-refresh',
  basis: 'consent',
};

function again(
  part: { grants?: Grant[]; agency?: Partial<Agency>; recorded?: Partial<LedgerDecision> } = {},
  kind = 2,
) {
  const agencies = new Map([['harbour-bank', { ...agency, ...part.agency }]]);
  const decisions = decideAgain(0, kind as 2, { ...recorded, ...part.recorded }, part.grants ?? [grant], agencies, NOW);
  return decisions.map(({ outcome, attributes }) => [outcome, attributesIn(attributes)]);
}

test('no more than was delivered then, and of that only what grant and accreditation still cover', () => {
  expect(again()).toEqual([
    ['delivered', ['mobilePhone']],
    ['no-longer-granted', ['homeAddress']],
    ['accreditation-narrower', ['email']],
  ]);
  expect(decideAgain(3, 2, recorded, [grant], new Map([['harbour-bank', agency]]), NOW)[0]).toMatchObject({
    source: 3,
    grantVersion: 5,
  });
});

test('a withdrawn, paused or expired grant, a suspended or revoked agency release nothing', () => {
  const all = ['mobilePhone', 'email', 'homeAddress'];
  expect(again({ grants: [] })).toEqual([['no-longer-granted', expect.arrayContaining(all)]]);
  expect(again({ grants: [{ ...grant, paused: true }] })).toEqual([['grant-paused', expect.anything()]]);
  expect(again({ grants: [{ ...grant, awaiting: 6 }] })).toEqual([['awaiting-snapshot', expect.anything()]]);
  expect(again({ grants: [{ ...grant, validUntil: NOW }] })).toEqual([['outside-validity', expect.anything()]]);
  expect(again({ agency: { state: 'suspended' } })).toEqual([['agency-suspended', expect.anything()]]);
  expect(again({ agency: { state: 'revoked' } })).toEqual([['not-accredited', expect.anything()]]);
});

test('another grant of the same person to the same agency does not stand in for the one that ended', () => {
  const other = { ...grant, grant: '0190a000-0000-7000-8000-000000000002' };
  expect(again({ grants: [other] })).toEqual([['no-longer-granted', expect.anything()]]);
});

test('an empty snapshot is sent again, a change of which nothing is left is not', () => {
  expect(again({ recorded: { attributes: 0 } }, SOURCE_KIND.snapshot)).toEqual([['delivered', []]]);
  expect(again({ recorded: { attributes: attributeSet(['homeAddress']) } })).toEqual([
    ['no-longer-granted', ['homeAddress']],
  ]);
});

test('notices hold no value and go out as they were, whatever has become of the grant', () => {
  for (const kind of [SOURCE_KIND.grantStopped, SOURCE_KIND.grantNarrowed, SOURCE_KIND.agencySuspended]) {
    expect(again({ grants: [] }, kind)).toEqual([['delivered', attributesIn(recorded.attributes)]]);
  }
});
