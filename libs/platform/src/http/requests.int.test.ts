import type { ProblemDocument } from '@sluice/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTinyService, type TinyService, tinyConfig } from '../testing/tiny-service.js';
import { AGENCY, OTHER_PERSON, PERSON, TokenIssuer } from '../testing/token-issuer.js';

const NOTE = '/notes/0190a000-0000-7000-8000-000000000001';
let issuer: TokenIssuer;
let service: TinyService;
let person: string;
let agency: string;

beforeAll(async () => {
  issuer = await TokenIssuer.start();
  service = await startTinyService(tinyConfig(issuer));
  person = await issuer.token(PERSON);
  agency = await issuer.token(AGENCY);
});
afterAll(async () => {
  await service.close();
  await issuer.stop();
});

const write = (body: unknown, headers: Record<string, string> = {}, token = person): Promise<Response> =>
  service.call('/notes', {
    method: 'POST',
    token,
    headers: { 'idempotency-key': 'k-1', ...headers },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
const change = (body: unknown, headers: Record<string, string> = {}, path = NOTE): Promise<Response> =>
  service.call(path, {
    method: 'PUT',
    token: person,
    headers: { 'if-match': '"1"', ...headers },
    body: JSON.stringify(body),
  });

async function problem(response: Response): Promise<ProblemDocument> {
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const document = (await response.json()) as ProblemDocument;
  expect(document.status).toBe(response.status);
  return document;
}

test('a reply becomes status, ETag, Location and body', async () => {
  const written = await write({ text: 'a' });
  expect([written.status, written.headers.get('etag'), written.headers.get('location')]).toEqual([
    201,
    '"1"',
    '/notes/1',
  ]);
  expect(await written.json()).toEqual({ said: 'written' });
  const changed = await change({ text: 'a' });
  expect([changed.status, changed.headers.get('etag'), await changed.json()]).toEqual([
    202,
    '"2"',
    { said: 'changed' },
  ]);
  const read = await service.call('/notes/5/text', { token: person });
  expect([read.status, await read.json()]).toEqual([200, { plain: '5' }]);
  for (const { headers } of [written, changed, read]) expect(headers.get('cache-control')).toBe('no-store');
});

test('the handler learns who acts, in which trace, under a key of their own', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await write({ text: 'a' }, { traceparent });
  const [mine] = service.seen;
  expect(mine?.context).toMatchObject({
    actor: `person:${PERSON.sub}`,
    correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(mine?.traceInHandler).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  expect(mine?.traceInHandler).not.toContain('b7ad6b7169203331');
  expect(mine?.context).toMatchObject({ traceparent: mine?.traceInHandler });

  await write(
    { text: 'a' },
    { traceparent: '00-00000000000000000000000000000000-0000000000000000-01' },
    await issuer.token(OTHER_PERSON),
  );
  const [other] = service.seen;
  expect(other?.traceInHandler).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(other?.traceInHandler).not.toContain('00000000000000000000000000000000');
  expect(other?.digest).toBe(mine?.digest);
  expect(other?.idempotencyKey).not.toBe(mine?.idempotencyKey);

  await write({ text: 'b' });
  expect(service.seen[0]?.digest).not.toBe(mine?.digest);
});

test('a command without its key, or a change without the version it saw, is not begun', async () => {
  const keyless = await service.call('/notes', { method: 'POST', token: person, body: '{"text":"a"}' });
  expect((await problem(keyless)).code).toBe('idempotency-key-required');
  expect(await problem(await write({ text: 'a' }, { 'idempotency-key': 'two words' }))).toMatchObject({
    code: 'validation-failed',
    errors: [{ path: 'headers.idempotency-key', rule: '1-to-128-visible-ascii' }],
  });
  const blind = await service.call(NOTE, { method: 'PUT', token: person, body: '{"text":"a"}' });
  expect((await problem(blind)).code).toBe('if-match-required');
  for (const tag of ['*', 'W/"1"', '"1", "2"', '1', '"01"', '"-1"']) {
    const { errors } = await problem(await change({ text: 'a' }, { 'if-match': tag }));
    expect(errors).toEqual([{ path: 'headers.if-match', rule: 'one-strong-etag' }]);
  }
});

test('Prefer: wait is heard, within bounds', async () => {
  for (const [prefer, waitMs] of [
    ['wait=1', 1_000],
    ['respond-async, wait=0', 0],
    ['wait=900', 5_000],
    ['handling=strict', 2_000],
  ] as const) {
    await change({ text: 'a' }, { prefer });
    expect(service.seen[0]?.waitMs).toBe(waitMs);
  }
});

test('refusals become their problems', async () => {
  expect(await problem(await change({ text: 'a' }, { 'if-match': '"7"' }))).toMatchObject({
    code: 'stale-version',
    status: 412,
  });
  const full = await change({ text: 'a' }, { 'if-match': '"8"' });
  expect([full.status, full.headers.get('retry-after')]).toEqual([429, '9']);
  expect((await problem(await service.call('/notes/refused/text', { token: person }))).code).toBe('not-accredited');
});

test('validation names every place and rule', async () => {
  const { code, errors } = await problem(
    await change(
      {
        text: '',
        tags: [{ label: 'ok' }, { label: 'No' }],
        fields: { phone: 'x'.repeat(21), fax: '1' },
        counts: { apples: 'x' },
        extra: 1,
      },
      {},
      '/notes/1?limit=11',
    ),
  );
  expect(code).toBe('validation-failed');
  expect(errors).toEqual(
    expect.arrayContaining([
      { path: 'params.note', rule: 'format-uuid' },
      { path: 'query.limit', rule: 'at-most-10' },
      { path: 'body.text', rule: 'at-least-1' },
      { path: 'body.tags[1].label', rule: 'small-letters' },
      { path: 'body.fields.phone', rule: 'at-most-20' },
      { path: 'body.counts.*', rule: 'expected-number' },
      { path: 'body', rule: 'no-unknown-members' },
    ]),
  );
  expect((await problem(await write(''))).errors).toEqual([{ path: 'body', rule: 'expected-object' }]);
  const query = await service.call('/notes/1/text?x=1', { token: person });
  expect((await problem(query)).errors).toEqual([{ path: 'query', rule: 'not-expected' }]);
});

test('nothing a caller sends comes back in a problem or in the log', async () => {
  const secret = fc.string({ minLength: 12, maxLength: 60, unit: 'grapheme' }).map((text) => `~${text}~`);
  const value = fc.oneof(secret, fc.array(secret), fc.dictionary(secret, secret));
  const body = fc.oneof(
    fc.record({ text: value }),
    fc.record({ text: fc.constant('a'), tags: fc.array(fc.record({ label: value })) }),
    fc.record({ text: fc.constant('a'), fields: fc.dictionary(secret, value, { minKeys: 1 }) }),
    fc.record({ text: fc.constant('a'), counts: fc.dictionary(secret, value, { minKeys: 1 }) }),
    fc.dictionary(secret, value, { minKeys: 1 }),
    value,
  );
  await fc.assert(
    fc.asyncProperty(body, secret, async (sent, inPath) => {
      const from = service.lines.length;
      const response = await change(
        sent,
        {},
        `/notes/${encodeURIComponent(inPath)}?limit=${encodeURIComponent(inPath)}`,
      );
      expect(response.status).toBe(422);
      const told = (await response.text()) + service.lines.slice(from).join('');
      for (const text of secretsIn([sent, inPath])) {
        expect(told).not.toContain(text);
        expect(told).not.toContain(JSON.stringify(text).slice(1, -1));
        expect(told).not.toContain(encodeURIComponent(text));
      }
    }),
    { numRuns: 150 },
  );
});

function secretsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('~') ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name.startsWith('~') ? [name] : []),
    ...secretsIn(inner),
  ]);
}

test('bodies that two readers could understand differently are refused', async () => {
  const bodies = [
    '{"text":',
    'text',
    '\u0000',
    '{"text":"a"}{"text":"b"}',
    '{"text":"a","__proto__":{"admin":true}}',
    '{"text":"a","constructor":{"prototype":{"admin":true}}}',
    '{"text":"a","tags":[{"label":"a","label":"b"}]}',
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  ];
  for (const body of bodies) expect((await problem(await write(body))).code).toBe('body-not-json');
  const twice = await problem(await write('{"text":"a","te\\u0078t":"b"}'));
  expect(twice).toMatchObject({ code: 'body-not-json', errors: [{ path: 'body', rule: 'no-repeated-members' }] });
  expect((await write('{"text":"a: \\"b\\": c\\\\"}')).status).toBe(201);
});

test('bodies that are too large or of another type are refused', async () => {
  expect((await problem(await write({ text: 'x'.repeat(1024 * 1024) }))).code).toBe('body-too-large');
  for (const type of ['text/plain', 'application/xml', 'application/x-ndjson', 'multipart/form-data; boundary=x']) {
    expect((await problem(await write('{"text":"a"}', { 'content-type': type }))).code).toBe('unsupported-media-type');
  }
  const json = await service.call('/lines', { method: 'POST', token: agency, body: '{}' });
  expect((await problem(json)).code).toBe('unsupported-media-type');
});

test('a stream endpoint reads far more than the limit of a body', async () => {
  const line = `${'x'.repeat(1023)}\n`;
  const response = await service.call('/lines', {
    method: 'POST',
    token: agency,
    headers: { 'content-type': 'application/x-ndjson' },
    body: line.repeat(3 * 1024),
  });
  expect(await response.json()).toEqual({ bytes: 3 * 1024 * 1024 });
});

test('an endless stream is cut when its sender is refused', async () => {
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
  const response = await fetch(`${service.url}/lines`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${person}` },
    body: endless,
    duplex: 'half',
  } as RequestInit);
  expect(response.headers.get('connection')).toBe('close');
  expect((await problem(response)).code).toBe('not-allowed');
});

test('unknown addresses and methods', async () => {
  const unknown = await problem(await service.call('/nothing/~secret~?x=~secret~', { token: person }));
  expect(unknown.code).toBe('not-found');
  const patched = await service.call(NOTE, { method: 'DELETE', token: person });
  expect([patched.status, patched.headers.get('allow')]).toEqual([405, 'PUT']);
  for (const odd of ['/%E0%A4%A', '/notes/%ff/text', `/notes/${'x'.repeat(500)}/text`, '//', '/notes//text']) {
    expect([odd, (await problem(await service.call(odd, { token: person }))).code]).toEqual([odd, 'not-found']);
  }
});

test('a fault tells the caller nothing but the request id, and the log not the value', async () => {
  const from = service.lines.length;
  const document = await problem(await change({ text: 'a-private-value' }, { 'if-match': '"9"' }));
  expect(Object.keys(document).sort()).toEqual(['code', 'instance', 'status', 'title', 'type']);
  expect(document.code).toBe('internal');
  const logged = service.lines.slice(from).join('');
  expect(logged).toContain(document.instance);
  expect(logged).toContain('tiny-service.ts');
  expect(logged).not.toContain('a-private-value');
});

test('problems speak the language of the caller', async () => {
  const titleIn = async (language: string) => {
    const response = await service.call('/notes/1/text', { headers: { 'accept-language': language } });
    return [response.headers.get('content-language'), (await problem(response)).title];
  };
  expect(await titleIn('zh-CN,zh;q=0.9,en;q=0.8')).toEqual(['zh', '需要访问令牌。']);
  expect(await titleIn('en;q=0.5, zh;q=0.4')).toEqual(['en', 'A bearer token is required.']);
  expect(await titleIn('fr')).toEqual(['en', 'A bearer token is required.']);
});
