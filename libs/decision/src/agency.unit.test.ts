import { AGENCY_ACCREDITED, AGENCY_RESTORED, AGENCY_SUSPENDED, type FeedPublicKey } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { type Agency, evolveAgency } from './agency.js';

const AGENCY = 'harbour-bank';
const KEY: FeedPublicKey = { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43) };

function accredited(): Agency {
  const scope = { receives: [], publishes: [], until: '2036-01-01T00:00:00Z' };
  const details = { name: { en: 'Bank', zh: '银行' }, uscc: '91350100M000100Y43', kind: 'bank' as const };
  return evolveAgency(undefined, AGENCY_ACCREDITED, {
    ...{ agency: AGENCY, agencyVersion: 3, details, scope },
    ...{ publicKey: KEY, keyEpoch: 1 },
  })!;
}

test('a restoration that is published once more does not lift a later suspension', () => {
  const restored = { agency: AGENCY, agencyVersion: 5, by: 'staff:sol' };
  const suspended = (agencyVersion: number) => ({ agency: AGENCY, agencyVersion, by: 'staff:sol', reason: 'a test' });
  const before = evolveAgency(accredited(), AGENCY_SUSPENDED, suspended(4));
  const again = evolveAgency(evolveAgency(before, AGENCY_RESTORED, restored), AGENCY_SUSPENDED, suspended(6))!;
  expect(again.state).toBe('suspended');
  expect(evolveAgency(again, AGENCY_RESTORED, restored)).toBe(again);
});
