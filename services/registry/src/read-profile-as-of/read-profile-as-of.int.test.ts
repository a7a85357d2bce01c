import { randomUUID } from 'node:crypto';
import { ACCESS_READ, ACCESS_REFUSED } from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import { SubjectKeys } from '@sluice/vault';
import { afterAll, expect, inject, test } from 'vitest';
import { RegistryUnderTest } from '../testing/registry-under-test.js';

const database = await createTestDatabase(inject('pgUrl'));
const registry = await RegistryUnderTest.start({ databaseUrl: database.url, kafka: inject('kafka') });
afterAll(async () => {
  await registry.stop();
  await database.drop();
});

const FIRST = '+8613800138000';
const SECOND = '+8613900139000';
const operator = registry.issuer.staff('operator');

interface Entry {
  value?: unknown;
  version: number;
  recordedAt: string;
  event: string;
  assertedBy: string;
  stale: boolean;
}

async function withTwoPhones(): Promise<{ subject: string; token: string; times: Date[]; events: string[] }> {
  const subject = randomUUID();
  const token = registry.issuer.person(subject);
  const attributes = { mobilePhone: FIRST, occupation: 'Clerk' };
  await registry.call('POST', '/subjects', { token, body: { attributes } });
  await registry.call('PATCH', `/subjects/${subject}/attributes`, {
    token,
    body: { attributes: { mobilePhone: SECOND } },
    headers: { 'if-match': '"1"' },
  });
  const { rows } = await registry.database.admin.query<{ recorded_at: Date; event_id: string }>(
    'select recorded_at, event_id from registry.event where stream = $1 order by version',
    [subject],
  );
  return { subject, token, times: rows.map((row) => row.recorded_at), events: rows.map((row) => row.event_id) };
}

async function asOf(token: string, subject: string, at: Date) {
  const answer = await registry.call('GET', `/subjects/${subject}/as-of?at=${at.toISOString()}`, { token });
  return { ...answer, attributes: (answer.body.attributes ?? {}) as Record<string, Entry> };
}

const before = (at: Date) => new Date(at.getTime() - 1);

test('a person sees the values as they were, each with what brought it', async () => {
  const { subject, token, times, events } = await withTwoPhones();
  const [registered, changed] = times as [Date, Date];
  const earlier = await asOf(token, subject, registered);
  expect(earlier.body).toMatchObject({ subject, version: 1 });
  expect(earlier.attributes.mobilePhone).toEqual({
    value: FIRST,
    assertedBy: `person:${subject}`,
    recordedAt: registered.toISOString(),
    event: events[0],
    version: 1,
    assurance: 1,
    stale: false,
  });
  const later = await asOf(token, subject, changed);
  expect(later.attributes.mobilePhone).toMatchObject({ value: SECOND, version: 2, event: events[1] });
  expect(later.attributes.occupation).toMatchObject({ value: 'Clerk', version: 1, event: events[0] });
});

test('before the registration there was nobody', async () => {
  const { subject, token, times } = await withTwoPhones();
  expect(await asOf(token, subject, before(times[0]!))).toMatchObject({
    status: 404,
    body: { code: 'unknown-subject' },
  });
  expect(await asOf(operator, randomUUID(), new Date())).toMatchObject({ body: { code: 'unknown-subject' } });
});

test('staff see codes, versions and times, never a value', async () => {
  const { subject, times } = await withTwoPhones();
  const answer = await asOf(operator, subject, times[1]!);
  expect(answer.status).toBe(200);
  expect(Object.keys(answer.attributes)).toEqual(['mobilePhone', 'occupation']);
  expect(answer.attributes.mobilePhone).toMatchObject({ version: 2, recordedAt: times[1]!.toISOString() });
  for (const entry of Object.values(answer.attributes)) expect(entry).not.toHaveProperty('value');
  for (const value of [FIRST, SECOND, 'Clerk']) expect(answer.text).not.toContain(value);
});

test('a value that was not confirmed for long was stale then, not only now', async () => {
  const { subject, token, times } = await withTwoPhones();
  const longAgo = new Date(times[0]!.getTime() - 4_000 * 86_400_000);
  await registry.database.admin.query('update registry.event set recorded_at = $2 where stream = $1 and version = 1', [
    subject,
    longAgo,
  ]);
  expect((await asOf(token, subject, longAgo)).attributes.occupation).toMatchObject({ stale: false });
  expect((await asOf(token, subject, times[1]!)).attributes.occupation).toMatchObject({ stale: true });
});

test('the reading is on record with its time, and who is refused is on the record of the person', async () => {
  const { subject, token, times } = await withTwoPhones();
  const at = times[1]!.toISOString();
  await asOf(token, subject, times[1]!);
  expect(await recordOf(subject, ACCESS_READ)).toEqual({
    subject,
    by: `person:${subject}`,
    what: `profile as of ${at}`,
    attributes: ['mobilePhone', 'occupation'],
  });
  const stranger = randomUUID();
  const refused = await asOf(registry.issuer.person(stranger), subject, times[1]!);
  expect(refused).toMatchObject({ status: 404, body: { code: 'unknown-subject' } });
  expect(await recordOf(subject, ACCESS_REFUSED)).toEqual({
    subject,
    by: `person:${stranger}`,
    endpoint: 'readProfileAsOf',
    problem: 'unknown-subject',
  });
});

test('what cannot be put on record is not shown', async () => {
  const { subject, token, times } = await withTwoPhones();
  const role = new URL(registry.database.url).username;
  await registry.database.admin.query(`revoke insert on registry.event from ${role}`);
  const answer = await asOf(token, subject, times[1]!);
  await registry.database.admin.query(`grant insert on registry.event to ${role}`);
  expect(answer).toMatchObject({ status: 503, body: { code: 'cannot-record' } });
  expect(answer.text).not.toContain(SECOND);
});

test('after an erasure nobody can look back', async () => {
  const { subject, token, times } = await withTwoPhones();
  await registry.part(SubjectKeys).destroy(subject);
  expect(await asOf(token, subject, times[1]!)).toMatchObject({ body: { code: 'unknown-subject' } });
  expect(await asOf(operator, subject, times[1]!)).toMatchObject({ body: { code: 'unknown-subject' } });
});

test('an agency has no business with a profile, and the future has no record', async () => {
  const { subject, token } = await withTwoPhones();
  expect(await asOf(registry.issuer.agency('harbour-bank'), subject, new Date())).toMatchObject({ status: 403 });
  const ahead = await asOf(token, subject, new Date(Date.now() + 60_000));
  expect(ahead).toMatchObject({ status: 422, body: { errors: [{ path: 'query.at', rule: 'not-in-the-future' }] } });
});

async function recordOf(subject: string, type: string): Promise<unknown> {
  const isIt = (event: { type: string; payload: Buffer }) => event.type === type && event.payload.includes(subject);
  const events = await registry.accesses.until((all) => all.some(isIt));
  return JSON.parse(events.find(isIt)!.payload.toString());
}
