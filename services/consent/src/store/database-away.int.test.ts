import { randomUUID } from 'node:crypto';
import { readGrant, withdrawGrant } from '@sluice/contracts';
import { afterAll, expect, test } from 'vitest';
import { ConsentUnderTest, until } from '../testing/consent-under-test.js';

const consent = await ConsentUnderTest.start();
afterAll(() => consent.stop());
const role = new URL(consent.database.url).username;

async function allowLogin(allowed: boolean): Promise<void> {
  await consent.database.rows(`alter role ${role} ${allowed ? 'login' : 'nologin'}`);
  if (!allowed)
    await consent.database.rows('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', role);
}

test('while the database is away nothing is done; afterwards the same request is, once, and reaches its receipt', async () => {
  const pair = await consent.pair(await consent.agency());
  const { grant } = await consent.agreed(pair);
  const withdrawal = { as: pair.person, params: { grant }, key: randomUUID(), wait: 5 };
  await allowLogin(false);
  expect(await consent.call(withdrawGrant, withdrawal)).toMatchObject({ status: 503, problem: 'cannot-record' });
  expect(await consent.call(readGrant, { as: pair.person, params: { grant } })).toMatchObject({ status: 503 });
  await allowLogin(true);
  await until(async () => (await consent.call(withdrawGrant, withdrawal)).status === 200);
  const { body } = await consent.call(readGrant, { as: pair.person, params: { grant } });
  expect(body).toMatchObject({ state: 'withdrawn', version: 4 });
  expect(consent.logs.join('\n')).not.toContain(pair.subject);
});

test('once the database is back, the service sweeps again and says that it is ready', async () => {
  await allowLogin(false);
  await allowLogin(true);
  const ready = async () => (await fetch(`${consent.instances[0]!.url}/readyz`)).status === 200;
  await until(ready);
  const pair = await consent.pair(await consent.agency());
  const { grant } = await consent.agreed(pair);
  await consent.vetting.say(pair.agency, 'sluice.vetting.agency-revoked.v1', { by: 'staff:sol', reason: 'a test' });
  await until(
    async () => (await consent.call(readGrant, { as: pair.person, params: { grant } })).body.state === 'stopped',
  );
});
