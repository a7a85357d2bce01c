import { randomUUID } from 'node:crypto';
import { ACCESS_READ, ACCESS_REFUSED } from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import type { RunningService } from '@sluice/platform';
import { afterAll, expect, inject, test } from 'vitest';
import { STATE_EVERY } from '../store/schema.js';
import { RegistryUnderTest } from '../testing/registry-under-test.js';

const database = await createTestDatabase(inject('pgUrl'));
const registry = await RegistryUnderTest.start({ databaseUrl: database.url, kafka: inject('kafka') });
afterAll(async () => {
  await registry.stop();
  await database.drop();
});

async function registered(): Promise<{ subject: string; token: string }> {
  const subject = randomUUID();
  const token = registry.issuer.person(subject);
  const attributes = { mobilePhone: '+8613800138000', homeAddress: { division: '310115', text: 'Road 7' } };
  expect((await registry.call('POST', '/subjects', { token, body: { attributes } })).status).toBe(201);
  return { subject, token };
}

const read = (subject: string, token: string) => registry.call('GET', `/subjects/${subject}`, { token });

test('a person reads their values with where they come from, and the reading is on record', async () => {
  const { subject, token } = await registered();
  const answer = await read(subject, token);
  const entry = { assertedBy: `person:${subject}`, assertedAt: expect.any(String), assurance: 1, stale: false };
  expect(answer.status).toBe(200);
  expect(answer.headers.get('etag')).toBe('"1"');
  expect(answer.body).toEqual({
    subject,
    version: 1,
    attributes: {
      mobilePhone: { value: '+8613800138000', ...entry },
      homeAddress: { value: { division: '310115', text: 'Road 7' }, ...entry },
    },
  });
  const records = await registry.accesses.until((events) => events.some(({ payload }) => payload.includes(subject)));
  const record = records.find(({ payload }) => payload.includes(subject))!;
  expect(record.type).toBe(ACCESS_READ);
  expect(JSON.parse(record.payload.toString())).toEqual({
    subject,
    by: `person:${subject}`,
    what: 'profile',
    attributes: ['mobilePhone', 'homeAddress'],
  });
});

test('nobody reads another person’s profile, or learns whether there is one', async () => {
  const { subject } = await registered();
  const stranger = registry.issuer.person(randomUUID());
  const others = await read(subject, stranger);
  const nobodys = await read(randomUUID(), stranger);
  expect(others).toMatchObject({ status: 404, body: { code: 'unknown-subject' } });
  expect({ ...others.body, instance: '' }).toEqual({ ...nobodys.body, instance: '' });
});

test('a person who is not registered has no profile', async () => {
  const subject = randomUUID();
  expect(await read(subject, registry.issuer.person(subject))).toMatchObject({
    status: 404,
    body: { code: 'unknown-subject' },
  });
});

test('who is refused is on record', async () => {
  const { subject } = await registered();
  const agency = `curious-${randomUUID().slice(0, 8)}`;
  const answer = await read(subject, registry.issuer.agency(agency));
  expect(answer).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
  const records = await registry.accesses.until((events) => events.some(({ payload }) => payload.includes(agency)));
  const record = records.find(({ payload }) => payload.includes(agency))!;
  expect(record.type).toBe(ACCESS_REFUSED);
  expect(JSON.parse(record.payload.toString())).toEqual({
    by: `agency:${agency}`,
    endpoint: 'readProfile',
    problem: 'not-allowed',
  });
});

test('what cannot be put on record is not shown', async () => {
  const { subject, token } = await registered();
  const role = new URL(registry.database.url).username;
  await registry.database.admin.query(`revoke insert on registry.event from ${role}`);
  const answer = await read(subject, token);
  await registry.database.admin.query(`grant insert on registry.event to ${role}`);
  expect(answer).toMatchObject({ status: 503, body: { code: 'cannot-record' } });
  expect(answer.text).not.toContain('13800138000');
  expect((await read(subject, token)).status).toBe(200);
});

test('a profile that was put in another’s place does not open', async () => {
  const [one, other] = [await registered(), await registered()];
  await registry.database.admin.query(
    `update registry.stream_state set state = (select state from registry.stream_state where stream = $1) where stream = $2`,
    [one.subject, other.subject],
  );
  expect(await read(other.subject, other.token)).toMatchObject({ status: 500, body: { code: 'internal' } });
  const change = (version: number, at?: RunningService) =>
    registry.call('PATCH', `/subjects/${other.subject}/attributes`, {
      token: other.token,
      body: { attributes: { occupation: `Clerk ${version}` } },
      headers: { 'if-match': `"${version}"` },
      ...(at && { at }),
    });
  expect(await change(1, await registry.startInstance())).toMatchObject({ status: 500, body: { code: 'internal' } });
  expect(registry.logs.some((line) => line.includes('does not open'))).toBe(true);
  // The instance that stored it last remembers it, and mends what is stored when it stores the profile again.
  for (let version = 1; version <= STATE_EVERY; version++) expect(await change(version)).toMatchObject({ status: 200 });
  expect(await read(other.subject, other.token)).toMatchObject({ status: 200 });
});
