import { randomUUID } from 'node:crypto';
import {
  type AttributeCode,
  attributeSet,
  decodeSealedChange,
  GRANT_ACTIVATED,
  GRANT_RESUMED,
  GRANT_SNAPSHOT_REQUESTED,
  GRANT_WIDENED,
  HEADER,
  SNAPSHOT_TAKEN,
  sealedChangeAad,
  TOPICS,
} from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import { ParkedMessages } from '@sluice/messaging';
import { open } from '@sluice/vault';
import { afterAll, expect, inject, test } from 'vitest';
import { RegistryUnderTest } from '../testing/registry-under-test.js';
import type { SeenEvent } from '../testing/topics.js';

const database = await createTestDatabase(inject('pgUrl'));
const registry = await RegistryUnderTest.start({ databaseUrl: database.url, kafka: inject('kafka') });
afterAll(async () => {
  await registry.stop();
  await database.drop();
});

async function registered(attributes: object): Promise<string> {
  const subject = randomUUID();
  const token = registry.issuer.person(subject);
  expect((await registry.call('POST', '/subjects', { token, body: { attributes } })).status).toBe(201);
  return subject;
}

interface Granted {
  grant?: string;
  grantVersion?: number;
  attributes?: AttributeCode[];
  mode?: 'stream' | 'snapshot' | 'query';
}

async function publish(type: string, subject: string, granted: Granted = {}): Promise<string> {
  const { grant = randomUUID(), grantVersion = 2, attributes = ['mobilePhone', 'email'], mode = 'stream' } = granted;
  const terms = {
    agency: 'harbour-bank',
    purpose: 'account-servicing',
    attributes,
    mode,
    validFrom: '2026-01-01T00:00:00Z',
    validUntil: '2027-01-01T00:00:00Z',
    dataLifeDays: 30,
    basis: 'consent',
  };
  const added = type === GRANT_WIDENED ? { added: ['email'] } : {};
  await registry.others.publish(TOPICS.consent, type, subject, { grant, subject, grantVersion, terms, ...added });
  return grant;
}

/** The snapshots of one subject, once there are so many. */
async function snapshots(subject: string, count: number): Promise<SeenEvent[]> {
  const own = (events: readonly SeenEvent[]) =>
    events.filter(({ stream, type }) => stream === subject && type === SNAPSHOT_TAKEN);
  return own(await registry.events.until((events) => own(events).length >= count));
}

async function valuesOf(event: SeenEvent): Promise<unknown> {
  const { kind, attributes, version, sealed } = decodeSealedChange(event.payload);
  const key = await registry.dataKey(event.stream);
  const aad = sealedChangeAad(event.stream, kind, attributes, version);
  return JSON.parse(open(key, aad, sealed).toString());
}

const attributes = { mobilePhone: '+8613800138000', email: 'someone@example.org', occupation: 'Clerk' };

test.each([GRANT_ACTIVATED, GRANT_RESUMED, GRANT_WIDENED, GRANT_SNAPSHOT_REQUESTED])(
  '%s is answered with the granted values, on the subject’s stream',
  async (type) => {
    const subject = await registered(attributes);
    const grant = await publish(type, subject, { grantVersion: 3 });
    const [event] = (await snapshots(subject, 1)) as [SeenEvent];
    expect(event.version).toBe(2);
    expect(event.headers[HEADER.actor]).toBe('service:registry');
    expect(event.headers[HEADER.causationId]).toBeDefined();
    expect(decodeSealedChange(event.payload)).toMatchObject({
      kind: 3,
      assurance: 1,
      actor: 'service:registry',
      attributes: attributeSet(['mobilePhone', 'email']),
      version: 2,
      answers: { grant, grantVersion: 3 },
    });
    expect(await valuesOf(event)).toEqual({
      attributes: { mobilePhone: attributes.mobilePhone, email: attributes.email },
    });
  },
);

test('each version of a grant is answered once, however often its event comes', async () => {
  const subject = await registered(attributes);
  const grant = await publish(GRANT_ACTIVATED, subject, { grantVersion: 2 });
  await publish(GRANT_ACTIVATED, subject, { grant, grantVersion: 2 });
  await publish(GRANT_RESUMED, subject, { grant, grantVersion: 4 });
  await publish(GRANT_RESUMED, subject, { grant, grantVersion: 4 });
  const other = await publish(GRANT_ACTIVATED, subject);
  const taken = await snapshots(subject, 3);
  expect(taken.map(({ payload }) => decodeSealedChange(payload).answers)).toEqual([
    { grant, grantVersion: 2 },
    { grant, grantVersion: 4 },
    { grant: other, grantVersion: 2 },
  ]);
});

test('what has no value yet is left out, even if that leaves nothing', async () => {
  const subject = await registered({ occupation: 'Clerk' });
  await publish(GRANT_ACTIVATED, subject);
  const [event] = (await snapshots(subject, 1)) as [SeenEvent];
  expect(decodeSealedChange(event.payload)).toMatchObject({ attributes: 0, version: 2 });
  expect(await valuesOf(event)).toEqual({ attributes: {} });
  // The profile is as it was, and so is the version its person saw.
  const token = registry.issuer.person(subject);
  const changed = await registry.call('PATCH', `/subjects/${subject}/attributes`, {
    token,
    body: { attributes: { email: 'other@example.org' } },
    headers: { 'if-match': '"1"' },
  });
  expect(changed.body).toMatchObject({ version: 2, changed: ['email'] });
  const profile = await registry.call('GET', `/subjects/${subject}`, { token });
  expect(Object.keys(profile.body.attributes as object)).toEqual(['occupation', 'email']);
});

test('a grant to ask receives nothing by itself', async () => {
  const subject = await registered(attributes);
  await publish(GRANT_ACTIVATED, subject, { mode: 'query' });
  await publish(GRANT_ACTIVATED, subject, { mode: 'snapshot' });
  expect(await snapshots(subject, 1)).toHaveLength(1);
});

test('a subject nobody registered is parked, and answered when an operator tries again after the registration', async () => {
  const subject = randomUUID();
  const grant = await publish(GRANT_ACTIVATED, subject);
  const parked = new ParkedMessages(registry.database.admin, 'registry');
  let found = (await parked.list()).filter(({ key }) => key === subject);
  while (found.length === 0) found = (await parked.list()).filter(({ key }) => key === subject);
  expect(found).toMatchObject([{ type: GRANT_ACTIVATED, reason: 'unknown-subject', state: 'waiting' }]);
  await registry.call('POST', '/subjects', { token: registry.issuer.person(subject), body: { attributes } });
  expect(await parked.retry(found[0]!.id, 'staff:otto')).toEqual({ kind: 'done' });
  const [event] = (await snapshots(subject, 1)) as [SeenEvent];
  expect(decodeSealedChange(event.payload).answers).toEqual({ grant, grantVersion: 2 });
});

test('an event that is not as contracted is parked without repeating what it said', async () => {
  const subject = await registered(attributes);
  await registry.others.publish(TOPICS.consent, GRANT_ACTIVATED, subject, { grant: 'Tell-Nobody-7' });
  const parked = new ParkedMessages(registry.database.admin, 'registry');
  let found = (await parked.list()).filter(({ key }) => key === subject);
  while (found.length === 0) found = (await parked.list()).filter(({ key }) => key === subject);
  expect(found).toMatchObject([{ reason: 'payload-not-as-contracted' }]);
  expect(registry.logs.join('')).not.toContain('Tell-Nobody-7');
});
