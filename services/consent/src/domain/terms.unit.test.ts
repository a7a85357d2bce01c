import type { AttributeCode } from '@sluice/contracts';
import { describe, expect, test } from 'vitest';
import {
  ACCREDITED,
  BANK,
  NOW,
  OFFER,
  PERSON,
  PROPOSAL,
  REQUEST,
  refusalOf,
  SCOPE,
  type Step,
  SUPERVISOR,
} from '../testing/grants.js';
import { covers } from './accreditation.js';
import { isRefused } from './grant.js';
import { type Proposal, termsOf } from './terms.js';

test('terms are written in catalogue order, without repetition, on the basis of consent', () => {
  const attributes: AttributeCode[] = ['employer', 'mobilePhone', 'employer'];
  expect(termsOf({ ...PROPOSAL, attributes }, NOW)).toEqual({
    agency: 'harbour-bank',
    purpose: 'credit-assessment',
    attributes: ['mobilePhone', 'employer'],
    mode: 'stream',
    validFrom: '2026-03-01T08:00:00.000Z',
    validUntil: '2026-05-30T08:00:00.000Z',
    dataLifeDays: 180,
    basis: 'consent',
  });
});

test.each([
  ['an attribute beyond the purpose', { attributes: ['ethnicGroup'] }, 'body.attributes'],
  ['a mode the purpose does not know', { purpose: 'anti-fraud', attributes: ['name'] }, 'body.mode'],
  ['a longer validity', { validityDays: 366 }, 'body.validityDays'],
  ['a longer data life', { dataLifeDays: 1826 }, 'body.dataLifeDays'],
  [
    'a purpose that consent does not open',
    { purpose: 'judicial-assistance', attributes: ['name'], mode: 'query', dataLifeDays: 10 },
    'body.purpose',
  ],
] as [string, Partial<Proposal>, string][])('%s is outside the purpose', (_what, change, path) => {
  const terms = termsOf({ ...PROPOSAL, ...change }, NOW);
  expect(isRefused(terms) && [terms.refused, terms.errors?.map((error) => error.path)]).toEqual([
    'outside-purpose',
    [path],
  ]);
});

test('the longest terms are allowed', () => {
  expect(isRefused(termsOf({ ...PROPOSAL, validityDays: 365, dataLifeDays: 1825 }, NOW))).toBe(false);
});

describe('accreditation', () => {
  const wanted = { purpose: 'credit-assessment', attributes: ['mobilePhone'], mode: 'stream' } as const;

  test.each([
    ['covers what it names', ACCREDITED, wanted, true],
    ['of nobody covers nothing', undefined, wanted, false],
    ['suspended covers nothing', { ...ACCREDITED, state: 'suspended' }, wanted, false],
    ['revoked covers nothing', { ...ACCREDITED, state: 'revoked' }, wanted, false],
    ['ends at its date', { ...ACCREDITED, scope: { ...SCOPE, until: NOW.toISOString() } }, wanted, false],
    ['covers no other attribute', ACCREDITED, { ...wanted, attributes: ['mobilePhone', 'education'] }, false],
    ['covers no other mode', ACCREDITED, { ...wanted, mode: 'query' }, false],
    [
      'covers attributes per purpose',
      ACCREDITED,
      { ...wanted, purpose: 'kyc-refresh', attributes: ['employer'] },
      false,
    ],
  ] as const)('%s', (_what, accreditation, what, covered) => {
    expect(covers(accreditation, what, NOW)).toBe(covered);
  });

  test('every way to an active grant asks for it', () => {
    const none = { accreditation: { ...ACCREDITED, state: 'suspended' } } as const;
    const active: Step[] = [
      [BANK, REQUEST],
      [PERSON, { move: 'give' }],
    ];
    const ways: [Step[], Step][] = [
      [[], [BANK, REQUEST, none]],
      [[], [PERSON, OFFER, none]],
      [[[BANK, REQUEST]], [PERSON, { move: 'give' }, none]],
      [[[PERSON, OFFER]], [BANK, { move: 'accept' }, none]],
      [
        [...active, [PERSON, { move: 'pause' }]],
        [PERSON, { move: 'resume' }, none],
      ],
      [active, [BANK, { move: 'widen', add: ['email'] }, none]],
    ];
    for (const [before, last] of ways) expect(refusalOf(before, last)).toBe('not-accredited');
    expect(refusalOf([], [PERSON, OFFER, { accreditation: undefined }])).toBe('unknown-agency');
  });

  test('a supervisor cannot approve what it no longer covers, but can refuse it', () => {
    const inReview: Step[] = [
      [BANK, { ...REQUEST, proposal: { ...PROPOSAL, attributes: ['incomeBand'] } }],
      [PERSON, { move: 'give' }],
    ];
    const none = { accreditation: undefined };
    expect(refusalOf(inReview, [SUPERVISOR, { move: 'review', outcome: 'approve' }, none])).toBe('not-accredited');
    expect(refusalOf(inReview, [SUPERVISOR, { move: 'review', outcome: 'refuse' }, none])).toBeUndefined();
  });

  test('nobody needs it to stop', () => {
    const active: Step[] = [
      [BANK, REQUEST],
      [PERSON, { move: 'give' }],
    ];
    const none = { accreditation: undefined };
    expect(refusalOf(active, [PERSON, { move: 'withdraw', deleteData: false }, none])).toBeUndefined();
    expect(refusalOf(active, [BANK, { move: 'end' }, none])).toBeUndefined();
    expect(refusalOf(active, [PERSON, { move: 'narrow', remove: ['employer'] }, none])).toBeUndefined();
  });
});
