import { AGENCY_ACCREDITED, AGENCY_STATES, PURPOSE_CODES, PURPOSES } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DETAILS, NARROWER, PUBLIC_KEY, SCOPE } from '../testing/agencies.js';
import { type Agency, type AgencyState, type Decision, evolve } from './agency.js';
import { apply } from './apply.js';
import { approve } from './approve.js';
import { refuseApplication } from './refuse.js';
import { registerKey } from './register-key.js';
import { fence, restore, revoke, suspend } from './sanction.js';

const NOW = Date.parse('2026-11-24T00:00:00Z');
const APPLICATION = { agency: 'harbour-bank', details: DETAILS, scope: SCOPE, publicKey: PUBLIC_KEY };
const RUI = 'staff:rui';
const VERA = 'staff:vera';
const SANCTION = { by: 'staff:sol', reason: 'volume beyond its purpose' };
const FENCES = [{ lane: 0, sequence: 1 }];

function accepted(decision: Decision): Agency {
  if ('refused' in decision) throw new Error(`refused: ${decision.refused}`);
  return decision.agency;
}

const applied = accepted(apply(undefined, APPLICATION, NOW));
const approvedOnce = accepted(approve(applied, { by: RUI }, NOW));
const accredited = accepted(approve(approvedOnce, { by: VERA }, NOW));
const suspended = accepted(suspend(accredited, SANCTION));
const IN_STATE: Record<AgencyState, Agency> = {
  applied,
  'approved-once': approvedOnce,
  accredited,
  suspended,
  revoked: accepted(revoke(suspended, SANCTION)),
  refused: accepted(refuseApplication(applied, RUI)),
};

/** Every move, with the states it is allowed in; from all others it is refused. */
const MOVES: [string, (agency: Agency | undefined) => Decision, AgencyState[]][] = [
  ['approve', (agency) => approve(agency, { by: VERA }, NOW), ['applied', 'approved-once']],
  ['refuse', (agency) => refuseApplication(agency, RUI), ['applied', 'approved-once']],
  ['suspend', (agency) => suspend(agency, SANCTION), ['accredited']],
  ['restore', (agency) => restore(agency, 'staff:sol'), ['suspended']],
  ['revoke', (agency) => revoke(agency, SANCTION), ['accredited', 'suspended']],
  ['register a key', (agency) => registerKey(agency, PUBLIC_KEY), ['accredited', 'suspended']],
];

describe.each(MOVES)('%s', (_name, move, from) => {
  test.each(AGENCY_STATES)('from %s', (state) => {
    const decision = move(IN_STATE[state]);
    if (from.includes(state)) expect(accepted(decision).version).toBe(IN_STATE[state].version + 1);
    else expect(decision).toEqual({ refused: 'wrong-state' });
  });

  test('of an agency nobody knows', () => expect(move(undefined)).toEqual({ refused: 'unknown-agency' }));
});

test('an agency applies once', () => {
  expect(apply(applied, APPLICATION, NOW)).toEqual({ refused: 'already-exists' });
});

test('two persons accredit', () => {
  expect(approve(approvedOnce, { by: RUI }, NOW)).toEqual({ refused: 'same-person' });
  expect(accredited).toMatchObject({ state: 'accredited', keyEpoch: 1, scope: SCOPE });
});

test('the accreditation carries all that delivery needs', () => {
  expect(approve(approvedOnce, { by: VERA }, NOW)).toMatchObject({
    event: {
      type: AGENCY_ACCREDITED,
      data: {
        agency: 'harbour-bank',
        agencyVersion: 3,
        details: DETAILS,
        scope: SCOPE,
        publicKey: PUBLIC_KEY,
        keyEpoch: 1,
      },
    },
  });
});

test('a narrower scope counts when both name it', () => {
  const once = accepted(approve(applied, { by: RUI, scope: NARROWER }, NOW));
  expect(approve(once, { by: VERA }, NOW)).toEqual({ refused: 'outside-purpose' });
  expect(approve(once, { by: VERA, scope: SCOPE }, NOW)).toEqual({ refused: 'outside-purpose' });
  expect(accepted(approve(once, { by: VERA, scope: NARROWER }, NOW)).scope).toEqual(NARROWER);
});

test('nobody is allowed more than was applied for', () => {
  const narrow = accepted(apply(undefined, { ...APPLICATION, scope: NARROWER }, NOW));
  expect(approve(narrow, { by: RUI, scope: SCOPE }, NOW)).toEqual({ refused: 'outside-purpose' });
});

test('no scope exceeds what its purpose allows', () => {
  fc.assert(
    fc.property(fc.constantFrom(...PURPOSE_CODES), fc.constantFrom('stream', 'snapshot', 'query'), (purpose, mode) => {
      const { bound, modes } = PURPOSES[purpose];
      const within = { ...SCOPE, receives: [{ purpose, attributes: [...bound], modes: [...modes] }] };
      expect(apply(undefined, { ...APPLICATION, scope: within }, NOW)).toHaveProperty('agency');
      const beyond = { ...SCOPE, receives: [{ purpose, attributes: ['ethnicGroup' as const], modes: [mode] }] };
      expect(apply(undefined, { ...APPLICATION, scope: beyond }, NOW)).toEqual({ refused: 'outside-purpose' });
    }),
  );
  const wrongMode = {
    ...SCOPE,
    receives: [{ purpose: 'anti-fraud' as const, attributes: ['email' as const], modes: ['stream' as const] }],
  };
  expect(apply(undefined, { ...APPLICATION, scope: wrongMode }, NOW)).toEqual({ refused: 'outside-purpose' });
});

test('a scope names each purpose once, and an end that is not over', () => {
  const twice = { ...SCOPE, receives: [SCOPE.receives[0]!, NARROWER.receives[0]!] };
  expect(apply(undefined, { ...APPLICATION, scope: twice }, NOW)).toMatchObject({ refused: 'validation-failed' });
  const over = { ...SCOPE, until: '2026-11-23T00:00:00Z' };
  expect(apply(undefined, { ...APPLICATION, scope: over }, NOW)).toEqual({ refused: 'outside-purpose' });
  const late = Date.parse('2037-01-01T00:00:00Z');
  expect(approve(approvedOnce, { by: VERA }, late)).toEqual({ refused: 'outside-purpose' });
});

test('each key starts the next epoch', () => {
  const second = accepted(registerKey(accredited, { ...PUBLIC_KEY, kid: 'new' }));
  expect(second).toMatchObject({ keyEpoch: 2, publicKey: { kid: 'new' } });
  expect(accepted(registerKey(second, PUBLIC_KEY)).keyEpoch).toBe(3);
});

test('a sanction is completed once, also after the agency was restored', () => {
  const restored = accepted(restore(suspended, 'staff:sol'));
  const again = accepted(suspend(restored, SANCTION));
  const fenced = accepted(fence(again, { sanctionVersion: suspended.version, fences: FENCES }));
  expect(fenced).toMatchObject({ state: 'suspended', unfenced: [again.version] });
  expect(fence(fenced, { sanctionVersion: suspended.version, fences: FENCES })).toEqual({ refused: 'wrong-state' });
});

test('an agency begins with its application', () => {
  const data = { agency: 'harbour-bank', agencyVersion: 1, by: RUI };
  expect(() => evolve(undefined, { type: 'sluice.vetting.agency-refused.v1', data })).toThrow(TypeError);
});
