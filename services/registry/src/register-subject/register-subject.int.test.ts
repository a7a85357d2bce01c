import { randomUUID } from 'node:crypto';
import { decodeSealedChange, SUBJECT_REGISTERED } from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import { afterAll, expect, inject, test } from 'vitest';
import { RegistryUnderTest } from '../testing/registry-under-test.js';

const database = await createTestDatabase(inject('pgUrl'));
const registry = await RegistryUnderTest.start({ databaseUrl: database.url, kafka: inject('kafka') });
afterAll(async () => {
  await registry.stop();
  await database.drop();
});

const BANK = `bank-${randomUUID().slice(0, 8)}`;
const OTHER_BANK = `other-${randomUUID().slice(0, 8)}`;
await registry.accredit(BANK, ['name', 'identityDocument', 'mobilePhone']);
await registry.accredit(OTHER_BANK, ['name', 'identityDocument']);

const attributes = { mobilePhone: '+8613800138000', occupation: 'Clerk' };
const post = (token: string, body: unknown, key: string = randomUUID()) =>
  registry.call('POST', '/subjects', { token, body, headers: { 'idempotency-key': key } });

/** Lawful numbers, each used once. */
const numbers = ['11010519491231002X', '440524188001010014'];
const document = (number: string) => ({ identityDocument: { type: 'resident-id', number } });

test('a person registers themselves under the subject of their token', async () => {
  const subject = randomUUID();
  const { status, body, headers } = await post(registry.issuer.person(subject), { attributes });
  expect(body).toEqual({ subject, version: 1, changed: ['mobilePhone', 'occupation'] });
  expect(status).toBe(201);
  expect(headers.get('etag')).toBe('"1"');
  expect(headers.get('location')).toBe(`/subjects/${subject}`);

  const seen = await registry.events.until((events) => events.some(({ stream }) => stream === subject));
  const event = seen.find(({ stream }) => stream === subject)!;
  expect(event).toMatchObject({ type: SUBJECT_REGISTERED, version: 1 });
  expect(decodeSealedChange(event.payload)).toMatchObject({
    kind: 1,
    assurance: 1,
    actor: `person:${subject}`,
    attributes: (1 << 9) | (1 << 16),
    version: 1,
  });
});

test('a person is registered once', async () => {
  const token = registry.issuer.person(randomUUID());
  expect((await post(token, { attributes })).status).toBe(201);
  const again = await post(token, { attributes: { occupation: 'Pilot' } });
  expect(again).toMatchObject({ status: 409, body: { code: 'already-registered' } });
});

test('a repeated request gets the first answer; another request under its key gets none', async () => {
  const token = registry.issuer.person(randomUUID());
  const key = randomUUID();
  const first = await post(token, { attributes }, key);
  const repeated = await post(token, { attributes }, key);
  expect(repeated.status).toBe(201);
  expect(repeated.body).toEqual(first.body);
  const other = await post(token, { attributes: { occupation: 'Pilot' } }, key);
  expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-mismatch' } });
});

test('a person may not assert what needs an authority', async () => {
  const answer = await post(registry.issuer.person(randomUUID()), { attributes: { name: 'Wei', ...attributes } });
  expect(answer).toMatchObject({
    status: 403,
    body: { code: 'may-not-assert', errors: [{ path: 'body.attributes.name', rule: 'asserted-by-publisher' }] },
  });
});

test('nonsense is refused by its rule and never repeated', async () => {
  const token = registry.issuer.person(randomUUID());
  const secret = 'Tell-Nobody-7';
  const cases: [unknown, number, string][] = [
    [{ attributes: { shoeSize: secret } }, 422, 'unknown-attribute'],
    [{ attributes: { mobilePhone: secret } }, 422, 'validation-failed'],
    [{ attributes: { homeAddress: { division: secret, text: secret, [secret]: secret } } }, 422, 'validation-failed'],
    [{ attributes: {} }, 422, 'validation-failed'],
    [{ attributes, evidence: `${secret} with spaces` }, 422, 'validation-failed'],
    [{ attributes, [secret]: 1 }, 422, 'validation-failed'],
    [`{"attributes":{"mobilePhone":"${secret}"`, 400, 'body-not-json'],
    [`{"attributes":{"__proto__":{"mobilePhone":"${secret}"}}}`, 400, 'body-not-json'],
    [`{"attributes":{"occupation":${'['.repeat(20_000)}"${secret}"${']'.repeat(20_000)}}}`, 400, 'body-not-json'],
    [`{"attributes":{"occupation":${'['.repeat(20)}"${secret}"${']'.repeat(20)}}}`, 422, 'validation-failed'],
    [`{"attributes":{"occupation":1e999}}`, 422, 'validation-failed'],
    [{ attributes: { occupation: secret.repeat(100_000) } }, 413, 'body-too-large'],
  ];
  for (const [body, status, code] of cases) {
    const answer = await post(token, body);
    expect(answer).toMatchObject({ status, body: { code } });
    expect(answer.text).not.toContain(secret);
  }
});

test('a command without a key, without a token, or by somebody else is refused', async () => {
  const person = registry.issuer.person(randomUUID());
  expect((await post(person, { attributes }, '')).body.code).toBe('idempotency-key-required');
  expect(await registry.call('POST', '/subjects', { body: { attributes } })).toMatchObject({
    status: 401,
    body: { code: 'token-missing' },
  });
  expect(await post(registry.issuer.staff('operator'), { attributes })).toMatchObject({
    status: 403,
    body: { code: 'not-allowed' },
  });
});

test('an accredited publisher registers a person it knows, under a new subject', async () => {
  const key = randomUUID();
  const request = { attributes: { name: 'Lin Xiao', ...document(numbers[0]!) }, evidence: 'case/1' };
  const first = await post(registry.issuer.agency(BANK), request, key);
  expect(first).toMatchObject({ status: 201, body: { version: 1, changed: ['name', 'identityDocument'] } });
  const repeated = await post(registry.issuer.agency(BANK), request, key);
  expect(repeated.body).toEqual(first.body);
  const subject = first.body.subject as string;
  const profile = await registry.call('GET', `/subjects/${subject}`, { token: registry.issuer.person(subject) });
  expect(profile.body).toMatchObject({
    attributes: { name: { value: 'Lin Xiao', assertedBy: `agency:${BANK}`, assurance: 3, evidence: 'case/1' } },
  });
});

test('identity attributes need evidence and an accreditation for them', async () => {
  const token = registry.issuer.agency(OTHER_BANK);
  const withoutEvidence = await post(token, { attributes: { name: 'Lin Xiao' } });
  expect(withoutEvidence).toMatchObject({
    status: 403,
    body: { code: 'may-not-assert', errors: [{ rule: 'assurance-needs-evidence' }] },
  });
  const beyond = await post(token, { attributes: { mobilePhone: '+8613800138000' }, evidence: 'case/2' });
  expect(beyond).toMatchObject({
    status: 403,
    body: { code: 'may-not-assert', errors: [{ rule: 'in-the-accreditation' }] },
  });
  const stranger = await post(registry.issuer.agency('nobody-knows-it'), { attributes: { name: 'Lin Xiao' } });
  expect(stranger).toMatchObject({ status: 403, body: { code: 'may-not-assert' } });
});

test('one identity is one subject, whoever registers it and however the document else differs', async () => {
  const body = { attributes: document(numbers[1]!), evidence: 'case/3' };
  expect((await post(registry.issuer.agency(BANK), body)).status).toBe(201);
  const again = await post(registry.issuer.agency(OTHER_BANK), {
    attributes: { identityDocument: { ...document(numbers[1]!).identityDocument, validUntil: '2031-01-01' } },
    evidence: 'case/4',
  });
  expect(again).toMatchObject({ status: 409, body: { code: 'already-registered' } });
});

test('of many who register one identity at once, one succeeds', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      post(registry.issuer.agency(i % 2 === 0 ? BANK : OTHER_BANK), {
        attributes: { identityDocument: { type: 'passport', number: 'K1234567', issuedBy: 'KE' } },
        evidence: `case/${i}`,
      }),
    ),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ body }) => body.code === 'already-registered')).toHaveLength(11);
});
