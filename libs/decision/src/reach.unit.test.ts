import { type AttributeCode, attributeSet, type GrantMode } from '@sluice/contracts';
import { expect, test } from 'vitest';
import type { Accreditation } from './agency.js';
import type { Grant } from './grant.js';
import { reachOf } from './reach.js';

const NOW = 1_790_000_000_000;
const SET = (...codes: AttributeCode[]) => attributeSet(codes);

function grant(over: Partial<Grant> = {}): Grant {
  return {
    grant: '6f0f6c1e-6f0b-4c52-9f0e-0d7a5c1f4a01',
    version: 2,
    agency: 'harbour-bank',
    purpose: 'kyc-refresh',
    basis: 'consent',
    attributes: SET('mobilePhone', 'employer'),
    mode: 'stream',
    validFrom: NOW - 1,
    validUntil: NOW + 1,
    paused: false,
    awaiting: null,
    ...over,
  };
}

function accredited(over: Partial<Accreditation> = {}, ...attributes: AttributeCode[]): Map<string, Accreditation> {
  const modes = new Set<GrantMode>(['stream', 'snapshot']);
  const receives: Accreditation['receives'] = new Map([['kyc-refresh', { attributes: SET(...attributes), modes }]]);
  return new Map([['harbour-bank', { state: 'accredited', until: NOW + 1, receives, ...over }]]);
}

const BOTH = SET('mobilePhone', 'employer');

test('all of a grant that the accreditation covers', () => {
  expect(reachOf(grant(), accredited({}, 'mobilePhone', 'employer', 'email'), NOW)).toEqual({
    receives: BOTH,
    withheld: 0,
    because: null,
  });
});

test.each<GrantMode>(['stream', 'snapshot'])(
  'in mode %s, what the accreditation does not cover is withheld',
  (mode) => {
    expect(reachOf(grant({ mode }), accredited({}, 'employer'), NOW)).toEqual({
      receives: SET('employer'),
      withheld: SET('mobilePhone'),
      because: 'accreditation-narrower',
    });
  },
);

test('nothing where something stands in the way, with the reason that delivery records', () => {
  const covers = accredited({}, 'mobilePhone', 'employer');
  const none = (because: string) => ({ receives: 0, withheld: BOTH, because });
  expect(reachOf(grant({ paused: true }), covers, NOW)).toEqual(none('grant-paused'));
  expect(reachOf(grant(), covers, NOW + 1)).toEqual(none('outside-validity'));
  expect(reachOf(grant(), new Map(), NOW)).toEqual(none('not-accredited'));
  expect(reachOf(grant(), accredited({ state: 'suspended' }, 'employer'), NOW)).toEqual(none('agency-suspended'));
  expect(reachOf(grant({ mode: 'query' }), covers, NOW)).toEqual(none('query-only'));
});
