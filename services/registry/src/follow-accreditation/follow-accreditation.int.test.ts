import { randomUUID } from 'node:crypto';
import { AGENCY_ACCREDITED, AGENCY_SUSPENDED, agencyStream, TOPICS } from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import { afterAll, expect, inject, test } from 'vitest';
import { RegistryUnderTest } from '../testing/registry-under-test.js';

const database = await createTestDatabase(inject('pgUrl'));
const registry = await RegistryUnderTest.start({ databaseUrl: database.url, kafka: inject('kafka') });
afterAll(async () => {
  await registry.stop();
  await database.drop();
});

async function publisher(agency: string): Promise<unknown> {
  const { rows } = await registry.database.admin.query<object>(
    'select agency_version as version, publishes, active from registry.publisher where agency = $1',
    [agency],
  );
  return rows[0];
}

test('an older event that comes late, or again, changes nothing', async () => {
  const agency = `late-${randomUUID().slice(0, 8)}`;
  await registry.accredit(agency, ['email']);
  await registry.accredit(agency, ['occupation']);
  await registry.sanction(agency, AGENCY_SUSPENDED);
  const last = { version: 3, publishes: ['occupation'], active: false };
  expect(await publisher(agency)).toEqual(last);
  const suspension = { agency, agencyVersion: 1, by: 'staff:sol', reason: 'a test' };
  for (const agencyVersion of [1, 3, 2]) {
    await registry.others.publish(TOPICS.vetting, AGENCY_SUSPENDED, agencyStream(agency), {
      ...suspension,
      agencyVersion,
    });
  }
  // Once something later of the same partition is known, these were handled.
  await registry.accredit(`after-${agency}`, ['email']);
  expect(await publisher(agency)).toEqual(last);
});

test('a suspension that passes its agency’s parked accreditation holds when that is handled at last', async () => {
  const agency = `parked-${randomUUID().slice(0, 8)}`;
  await registry.others.publish(TOPICS.vetting, AGENCY_ACCREDITED, agencyStream(agency), { agency, agencyVersion: 1 });
  const suspension = { agency, agencyVersion: 2, by: 'staff:sol', reason: 'a test' };
  await registry.others.publish(TOPICS.vetting, AGENCY_SUSPENDED, agencyStream(agency), suspension, 2);
  await registry.accredit(`after-${agency}`, ['email']);
  expect(await publisher(agency)).toEqual({ version: 2, publishes: [], active: false });
  const { rows } = await registry.database.admin.query<{ reason: string }>(
    'select reason from registry.parked where key = $1',
    [agencyStream(agency)],
  );
  expect(rows).toEqual([{ reason: 'payload-not-as-contracted' }]);
});
