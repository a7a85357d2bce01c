import { randomUUID } from 'node:crypto';
import { changeAttributes, type ProblemCode } from '@sluice/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Recipient } from '../support/recipient.js';
import { until } from '../support/until.js';
import { BANK, BUREAU, type Person, System } from './system.js';

/** Put into every bad request; no answer may repeat it. */
const CANARY = 'canary-7b1f94';

let system: System;
let bank: Recipient;
let bureau: Recipient;
let person: Person;
let storedBefore: number;

beforeAll(async () => {
  system = await System.start();
  bank = await system.recipient(BANK);
  bureau = await system.recipient(BUREAU);
  person = await system.person();
  await system.grant(person, bank);
  await bank.received(1);
  storedBefore = await stored();
}, 300_000);

afterAll(async () => {
  await Promise.all([bank?.close(), bureau?.close()]);
  await system?.stop();
});

/** Events of registry but for the records of refusals, which are meant to be there. */
async function stored(): Promise<number> {
  const { rows } = await system.query(
    `select count(*)::int as n from registry.event where type not like 'sluice.access.%'`,
  );
  return rows[0].n;
}

interface Bad {
  what: string;
  status: number;
  code: ProblemCode;
  token?: () => Promise<string>;
  headers?: Record<string, string>;
  subject?: string;
  body: string | (() => string);
}

const change = (attributes: unknown) => JSON.stringify({ attributes });

const BAD: Bad[] = [
  { what: 'invalid JSON', status: 400, code: 'body-not-json', body: `{"attributes": {"mobilePhone": "${CANARY}` },
  { what: 'an unknown attribute', status: 422, code: 'unknown-attribute', body: change({ [`x${CANARY}`]: CANARY }) },
  {
    what: 'a value of the wrong type',
    status: 422,
    code: 'validation-failed',
    body: change({ mobilePhone: { no: CANARY } }),
  },
  { what: 'a value against its rule', status: 422, code: 'validation-failed', body: change({ mobilePhone: CANARY }) },
  {
    what: 'a body with more members than the contract',
    status: 422,
    code: 'validation-failed',
    body: JSON.stringify({ attributes: { occupation: 'Clerk' }, [CANARY]: 1 }),
  },
  {
    what: 'a stale If-Match',
    status: 412,
    code: 'stale-version',
    headers: { 'if-match': '"77"' },
    body: change({ occupation: CANARY }),
  },
  {
    what: 'no If-Match',
    status: 428,
    code: 'if-match-required',
    headers: { 'if-match': '' },
    body: change({ occupation: CANARY }),
  },
  {
    what: 'no Idempotency-Key',
    status: 400,
    code: 'idempotency-key-required',
    headers: { 'idempotency-key': '' },
    body: change({ occupation: CANARY }),
  },
  {
    what: 'an unknown subject',
    status: 404,
    code: 'unknown-subject',
    subject: randomUUID(),
    body: change({ occupation: CANARY }),
  },
  { what: 'an attribute a person may not assert', status: 403, code: 'may-not-assert', body: change({ name: CANARY }) },
  {
    what: 'a publisher that may not write it',
    status: 403,
    code: 'may-not-assert',
    token: async () => bank.token,
    body: change({ employer: { name: CANARY } }),
  },
  {
    what: 'an agency that is no publisher at all',
    status: 403,
    code: 'may-not-assert',
    token: async () => bureau.token,
    body: change({ mobilePhone: '+8613811112222' }),
  },
  { what: 'no token', status: 401, code: 'token-missing', token: async () => '', body: change({ occupation: CANARY }) },
  {
    what: 'a token that is none',
    status: 401,
    code: 'token-invalid',
    token: async () => CANARY,
    body: change({ occupation: CANARY }),
  },
  {
    what: 'an expired token',
    status: 401,
    code: 'token-expired',
    token: () => system.access.tokenFor({ sub: person.subject, kind: 'person' }, { expiresIn: -60 }),
    body: change({ occupation: CANARY }),
  },
  {
    what: 'a token for another audience',
    status: 401,
    code: 'token-invalid',
    token: () => system.access.tokenFor({ sub: person.subject, kind: 'person' }, { audience: 'kafka' }),
    body: change({ occupation: CANARY }),
  },
  {
    what: 'a forged token',
    status: 401,
    code: 'token-invalid',
    token: async () => forged(person.token),
    body: change({ occupation: CANARY }),
  },
  {
    what: 'an oversized body',
    status: 413,
    code: 'body-too-large',
    body: () => change({ occupation: CANARY + 'x'.repeat(1_100_000) }),
  },
];

test.each(BAD)('$what: a problem with its code, nothing stored, nothing repeated', async (bad) => {
  const token = bad.token === undefined ? person.token : await bad.token();
  const response = await fetch(`${system.access.urls.registry}/subjects/${bad.subject ?? person.subject}/attributes`, {
    method: 'PATCH',
    headers: headersOf(token, bad.headers),
    body: typeof bad.body === 'string' ? bad.body : bad.body(),
  });
  const text = await response.text();
  expect({
    status: response.status,
    type: response.headers.get('content-type')?.split(';')[0],
    code: JSON.parse(text).code,
  }).toEqual({
    status: bad.status,
    type: 'application/problem+json',
    code: bad.code,
  });
  expect(text).not.toContain(CANARY);
  expect(await stored()).toBe(storedBefore);
});

function headersOf(token: string, over: Record<string, string> = {}): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
    'if-match': `"${person.version}"`,
    ...(token !== '' && { authorization: `Bearer ${token}` }),
    ...over,
  };
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
}

/** The person's token with another subject in it, under the old signature. */
function forged(token: string): string {
  const [head, payload, signature] = token.split('.') as [string, string, string];
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: randomUUID() };
  return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}

test('an Idempotency-Key used again with another body is refused, with the same body answered again', async () => {
  const call = (occupation: string) => ({
    token: person.token,
    params: { subject: person.subject },
    body: { attributes: { occupation } },
    ifMatch: person.version,
    idempotencyKey: 'one-key',
  });
  const first = await system.api.call(changeAttributes, call('Clerk'));
  const again = await system.api.call(changeAttributes, call('Clerk'));
  expect(again.body).toEqual(first.body);
  const refusal = await system.api.refusal(changeAttributes, call('Judge'));
  expect([refusal.status, refusal.problem?.code]).toEqual([422, 'idempotency-mismatch']);
  expect(await stored()).toBe(storedBefore + 1);
});

test('after all the bad input nothing was published beyond the one change that was good', async () => {
  await system.api.call(changeAttributes, {
    token: person.token,
    params: { subject: person.subject },
    body: { attributes: { mobilePhone: '+8613800001111' } },
    ifMatch: person.version + 1,
  });
  await until('the good change arrived', () => (bank.events.length >= 2 ? true : undefined));
  expect(bank.events.map((event) => event.type)).toEqual(['sluice.feed.snapshot.v1', 'sluice.feed.profile-changed.v1']);
});
