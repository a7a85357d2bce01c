import { randomUUID } from 'node:crypto';
import {
  AGENCY_RESTORED,
  AGENCY_REVOKED,
  AGENCY_SUSPENDED,
  ATTRIBUTES_CHANGED,
  decodeSealedChange,
} from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import { afterAll, expect, inject, test } from 'vitest';
import { decideChange } from '../domain/subject.js';
import { Subjects } from '../store/subjects.js';
import { RegistryUnderTest } from '../testing/registry-under-test.js';

const database = await createTestDatabase(inject('pgUrl'));
const registry = await RegistryUnderTest.start({ databaseUrl: database.url, kafka: inject('kafka') });
afterAll(async () => {
  await registry.stop();
  await database.drop();
});

const BANK = `bank-${randomUUID().slice(0, 8)}`;
await registry.accredit(BANK, ['name', 'identityDocument', 'mobilePhone', 'homeAddress']);

interface Asked {
  token: string;
  version: number | undefined;
  attributes: object;
  evidence?: string;
  key?: string;
}

function change(subject: string, { token, version, attributes, evidence, key = randomUUID() }: Asked) {
  return registry.call('PATCH', `/subjects/${subject}/attributes`, {
    token,
    body: { attributes, evidence },
    headers: { 'idempotency-key': key, ...(version !== undefined && { 'if-match': `"${version}"` }) },
  });
}

async function registered(): Promise<{ subject: string; token: string }> {
  const subject = randomUUID();
  const token = registry.issuer.person(subject);
  const attributes = { mobilePhone: '+8613800138000', occupation: 'Clerk' };
  expect((await registry.call('POST', '/subjects', { token, body: { attributes } })).status).toBe(201);
  return { subject, token };
}

test('only what differs changes, and is in the event', async () => {
  const { subject, token } = await registered();
  const answer = await change(subject, {
    token,
    version: 1,
    attributes: { mobilePhone: '+8613900139000', occupation: ' Clerk ' },
  });
  expect(answer).toMatchObject({ status: 200, body: { subject, version: 2, changed: ['mobilePhone'] } });
  expect(answer.headers.get('etag')).toBe('"2"');
  const seen = await registry.events.until((events) => events.some((e) => e.stream === subject && e.version === 2));
  const event = seen.find((e) => e.stream === subject && e.version === 2)!;
  expect(event.type).toBe(ATTRIBUTES_CHANGED);
  expect(decodeSealedChange(event.payload)).toMatchObject({ kind: 2, attributes: 1 << 9, version: 2 });
});

test('values equal to the present ones change nothing', async () => {
  const { subject, token } = await registered();
  const attributes = { occupation: 'Clerk', mobilePhone: '+8613800138000' };
  for (let i = 0; i < 2; i++) {
    const answer = await change(subject, { token, version: 1, attributes });
    expect(answer).toMatchObject({ status: 200, body: { version: 1, changed: [] } });
    expect(answer.headers.get('etag')).toBe('"1"');
  }
});

test('a change names the version it was based on', async () => {
  const { subject, token } = await registered();
  const attributes = { occupation: 'Pilot' };
  expect(await change(subject, { token, version: undefined, attributes })).toMatchObject({
    status: 428,
    body: { code: 'if-match-required' },
  });
  expect(await change(subject, { token, version: 2, attributes })).toMatchObject({
    status: 412,
    body: { code: 'stale-version' },
  });
});

test('of many changes based on one version, one is made', async () => {
  const { subject, token } = await registered();
  const answers = await Promise.all(
    Array.from({ length: 32 }, (_, i) =>
      change(subject, { token, version: 1, attributes: { occupation: `Job ${i}` } }),
    ),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ body }) => body.code === 'stale-version')).toHaveLength(31);
});

test('a repeated change gets the first answer, also when others came after it', async () => {
  const { subject, token } = await registered();
  const first = { token, version: 1, attributes: { occupation: 'Pilot' }, key: randomUUID() };
  const made = await change(subject, first);
  await change(subject, { token, version: 2, attributes: { occupation: 'Baker' } });
  expect((await change(subject, first)).body).toEqual(made.body);
  expect(await change(subject, { ...first, attributes: { occupation: 'Miller' } })).toMatchObject({
    status: 422,
    body: { code: 'idempotency-mismatch' },
  });
});

test('another person’s profile answers as one that does not exist', async () => {
  const { subject } = await registered();
  const token = registry.issuer.person(randomUUID());
  const asked = { token, version: 1, attributes: { occupation: 'Thief' } };
  const others = await change(subject, asked);
  const nobodys = await change(randomUUID(), asked);
  expect(others).toMatchObject({ status: 404, body: { code: 'unknown-subject' } });
  expect({ ...others.body, instance: '' }).toEqual({ ...nobodys.body, instance: '' });
});

test('a person who is not registered has nothing to change', async () => {
  const subject = randomUUID();
  const token = registry.issuer.person(subject);
  expect(await change(subject, { token, version: 0, attributes: { occupation: 'Clerk' } })).toMatchObject({
    status: 404,
    body: { code: 'unknown-subject' },
  });
});

test('a publisher changes what its accreditation allows, of subjects that exist', async () => {
  const { subject } = await registered();
  const token = registry.issuer.agency(BANK);
  const phone = { mobilePhone: '+8613700137000' };
  expect(await change(subject, { token, version: 1, attributes: phone })).toMatchObject({ body: { version: 2 } });
  expect(await change(subject, { token, version: 2, attributes: { name: 'Wei' }, evidence: 'case/1' })).toMatchObject({
    body: { version: 3, changed: ['name'] },
  });
  expect(await change(subject, { token, version: 3, attributes: { name: 'Wei' } })).toMatchObject({
    status: 403,
    body: { code: 'may-not-assert' },
  });
  expect(await change(subject, { token, version: 3, attributes: { occupation: 'Pilot' } })).toMatchObject({
    status: 403,
    body: { code: 'may-not-assert' },
  });
  expect(await change(randomUUID(), { token, version: 1, attributes: phone })).toMatchObject({
    status: 404,
    body: { code: 'unknown-subject' },
  });
  expect(await change(subject, { token, version: 3, attributes: { shoeSize: 44 } })).toMatchObject({
    status: 422,
    body: { code: 'unknown-attribute' },
  });
  expect(await change(subject, { token, version: 3, attributes: { mobilePhone: 'none' } })).toMatchObject({
    status: 422,
    body: { code: 'validation-failed', errors: [{ path: 'body.attributes.mobilePhone', rule: 'e164-number' }] },
  });
});

test('an identity that is another subject’s cannot be taken over by a change', async () => {
  const token = registry.issuer.agency(BANK);
  const identityDocument = { type: 'passport', number: 'X1234567', issuedBy: 'FR' };
  const [owner, other] = [await registered(), await registered()];
  const taken = { token, version: 1, attributes: { identityDocument }, evidence: 'case/5' };
  expect((await change(owner.subject, taken)).status).toBe(200);
  expect(await change(other.subject, taken)).toMatchObject({ status: 409, body: { code: 'already-registered' } });
  const renewed = { ...identityDocument, number: 'X7654321' };
  const renewal = { ...taken, version: 2, attributes: { identityDocument: renewed } };
  expect((await change(owner.subject, renewal)).status).toBe(200);
  expect((await change(owner.subject, { ...taken, version: 3 })).status).toBe(200);
  expect((await change(other.subject, { ...taken, attributes: { identityDocument: renewed } })).status).toBe(409);
});

test('a publisher asserts only while it is accredited', async () => {
  const agency = `watched-${randomUUID().slice(0, 8)}`;
  const token = registry.issuer.agency(agency);
  const { subject } = await registered();
  let version = 1;
  const attempt = () => change(subject, { token, version, attributes: { mobilePhone: `+86138001380${10 + version}` } });
  const expectMade = async () => {
    expect(await attempt()).toMatchObject({ status: 200, body: { version: version + 1 } });
    version += 1;
  };
  const expectRefused = async () => expect((await attempt()).body.code).toBe('may-not-assert');

  await expectRefused();
  await registry.accredit(agency, ['mobilePhone']);
  await expectMade();
  await registry.sanction(agency, AGENCY_SUSPENDED);
  await expectRefused();
  await registry.sanction(agency, AGENCY_RESTORED);
  await expectMade();
  await registry.accredit(agency, ['email']);
  await expectRefused();
  await registry.accredit(agency, ['mobilePhone'], '2020-01-01T00:00:00Z');
  await expectRefused();
  await registry.accredit(agency, ['mobilePhone']);
  await expectMade();
  await registry.sanction(agency, AGENCY_REVOKED);
  await expectRefused();
});

test('when too many commands wait, the next one is told when to come again', async () => {
  const { subject, token } = await registered();
  const asked = { token, version: 1, attributes: { occupation: 'Pilot' } };
  const subjects = registry.part(Subjects);
  const context = { actor: 'person:test', correlationId: randomUUID() };
  const provenance = { assertedBy: 'person:test', assertedAt: Date.now(), assurance: 1 as const };
  const release = await registry.database.holdAppends();
  const waiting = Array.from({ length: 2_000 }, (_, i) =>
    subjects.execute({
      subject,
      context,
      decide: (present) => decideChange(present, { values: { position: `Job ${i}` }, provenance }, undefined),
    }),
  );
  const refused = await change(subject, asked);
  await release();
  expect(refused).toMatchObject({ status: 429, body: { code: 'queue-full' } });
  expect(refused.headers.get('retry-after')).toBe('1');
  for (const reply of await Promise.all(waiting)) expect(reply).toMatchObject({ changed: ['position'] });
  expect(await change(subject, { ...asked, version: 2_001 })).toMatchObject({ status: 200, body: { version: 2_002 } });
});

test('while the database lets nobody in, nothing is done and the caller may try again', async () => {
  const { subject, token } = await registered();
  const admit = await registry.database.shutOut();
  const refused = await change(subject, { token, version: 1, attributes: { occupation: 'Pilot' } });
  const unread = await registry.call('GET', `/subjects/${subject}`, { token });
  await admit();
  expect(refused).toMatchObject({ status: 503, body: { code: 'cannot-record' } });
  expect(unread).toMatchObject({ status: 503, body: { code: 'cannot-record' } });
  expect(await change(subject, { token, version: 1, attributes: { occupation: 'Pilot' } })).toMatchObject({
    status: 200,
    body: { version: 2 },
  });
});
