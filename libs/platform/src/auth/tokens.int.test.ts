import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTinyService, type TinyService, tinyConfig } from '../testing/tiny-service.js';
import { AGENCY, AUDITOR, OTHER_PERSON, PERSON, TokenIssuer } from '../testing/token-issuer.js';

let issuer: TokenIssuer;
let service: TinyService;

beforeAll(async () => {
  issuer = await TokenIssuer.start();
  service = await startTinyService(tinyConfig(issuer));
});
afterAll(async () => {
  await service.close();
  await issuer.stop();
});

async function ask(token: string | undefined): Promise<[number, string | undefined, string | null]> {
  const response = await service.call('/notes/mine/text', token === undefined ? {} : { token });
  const { code } = (await response.json()) as { code?: string };
  return [response.status, code, response.headers.get('www-authenticate')];
}

test('a good token opens what its kind and roles may see', async () => {
  expect(await ask(await issuer.token(PERSON))).toEqual([200, undefined, null]);
  expect(await ask(await issuer.token(AUDITOR))).toEqual([200, undefined, null]);
  expect(await ask(await issuer.token(AGENCY))).toEqual([403, 'not-allowed', null]);
  expect(await ask(await issuer.token({ ...AUDITOR, roles: ['operator'] }))).toEqual([403, 'not-allowed', null]);
  expect(await ask(await issuer.token({ ...AUDITOR, roles: ['a-role-of-the-future'] }))).toEqual([
    403,
    'not-allowed',
    null,
  ]);
});

test('an endpoint is open to anyone only where its contract says so', async () => {
  const keys = await service.call('/keys');
  expect([keys.status, keys.headers.get('cache-control')]).toEqual([200, 'max-age=60']);
  expect((await service.call('/forgotten', { token: await issuer.token(PERSON) })).status).toBe(403);
});

test('a missing token is challenged', async () => {
  expect(await ask(undefined)).toEqual([401, 'token-missing', 'Bearer']);
  const basic = await service.call('/notes/mine/text', { headers: { authorization: 'Basic cGVyc29uOnNlY3JldA==' } });
  expect(((await basic.json()) as { code: string }).code).toBe('token-missing');
});

const INVALID = [401, 'token-invalid', 'Bearer error="invalid_token"'];

test('expired, foreign, misdirected and unsigned tokens are refused', async () => {
  expect(await ask(await issuer.token(PERSON, { expiresInS: -60 }))).toEqual([
    401,
    'token-expired',
    'Bearer error="invalid_token"',
  ]);
  expect(await ask(await issuer.token(PERSON, { issuer: 'http://elsewhere' }))).toEqual(INVALID);
  expect(await ask(await issuer.token(PERSON, { audience: 'kafka' }))).toEqual(INVALID);

  const stranger = await TokenIssuer.start();
  expect(await ask(await stranger.token(PERSON, { issuer: issuer.url }))).toEqual(INVALID);
  await stranger.stop();

  const [, claims] = (await issuer.token(PERSON)).split('.');
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  expect(await ask(`${none}.${claims}.`)).toEqual(INVALID);
  const hmac = Buffer.from(JSON.stringify({ alg: 'HS256' })).toString('base64url');
  expect(await ask(`${hmac}.${claims}.AAAA`)).toEqual(INVALID);
});

test('a token someone altered or made up is refused', async () => {
  const token = await issuer.token(PERSON);
  const [header, , signature] = token.split('.');
  const forged = Buffer.from(
    JSON.stringify({ ...OTHER_PERSON, iss: issuer.url, aud: 'sluice-api', exp: 4e9 }),
  ).toString('base64url');
  expect(await ask(`${header}.${forged}.${signature}`)).toEqual(INVALID);
  for (const garbage of ['x', 'a.b.c', '....', 'null', `${token}x`, 'é', 'A'.repeat(9_000)]) {
    expect(await ask(encodeURI(garbage))).toEqual(INVALID);
  }
});

test('claims that name nobody are refused', async () => {
  for (const claims of [
    { kind: 'person', sub: 'not-a-uuid' },
    { kind: 'agency', sub: 'x' },
    { kind: 'agency', sub: 'x', agency: '../*' },
    { kind: 'staff', sub: 'x', roles: 'auditor' },
    { kind: 'robot', sub: 'x' },
    { sub: PERSON.sub },
    { kind: 'person' },
  ]) {
    expect(await ask(await issuer.token(claims))).toEqual(INVALID);
  }
});

test('an accepted token stops working at the second it expires, though it was cached', async () => {
  const token = await issuer.token(PERSON, { expiresInS: 5 }); // and 5 s more, the clock skew that is allowed
  expect(await ask(token)).toEqual([200, undefined, null]);
  await expect
    .poll(() => ask(token), { interval: 250 })
    .toEqual([401, 'token-expired', 'Bearer error="invalid_token"']);
});

test('the keys are asked for once, not for every token', async () => {
  const before = issuer.asked;
  await Promise.all(Array.from({ length: 20 }, async () => ask(await issuer.token(PERSON))));
  expect(issuer.asked).toBe(before);
});
