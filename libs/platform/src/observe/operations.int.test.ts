import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Refusals } from '../auth/refusals.js';
import { ReadinessChecks } from '../observe/readiness.js';
import { startTinyService, type TinyService, tinyConfig } from '../testing/tiny-service.js';
import { AGENCY, TokenIssuer } from '../testing/token-issuer.js';

let issuer: TokenIssuer;
let service: TinyService;

beforeAll(async () => {
  issuer = await TokenIssuer.start();
  service = await startTinyService(tinyConfig(issuer, { databaseUrl: inject('pgUrl') }));
});
afterAll(async () => {
  await service.close();
  await issuer.stop();
});

test('readiness tells the truth about every check', async () => {
  const readiness = async () => {
    const answer = await service.call('/readyz');
    return [answer.status, await answer.json()];
  };
  await expect.poll(readiness).toEqual([
    200,
    {
      status: 'ready',
      checks: { service: { ok: true, detail: 'serving' }, postgresql: { ok: true, detail: expect.any(String) } },
    },
  ]);

  let lag = { ok: false, detail: '7,000 events behind' };
  service.app.get(ReadinessChecks).register('lag', () => lag);
  service.app.get(ReadinessChecks).register('relay', async () => {
    if (!lag.ok) throw new Error('password=hunter2');
    return { ok: true, detail: 'leading' };
  });
  await expect.poll(readiness).toMatchObject([
    503,
    {
      code: 'not-ready',
      errors: [
        { path: 'lag', rule: '7,000 events behind' },
        { path: 'relay', rule: 'the check failed; see the log' },
      ],
      checks: { postgresql: { ok: true }, lag: { ok: false } },
    },
  ]);
  lag = { ok: true, detail: 'none' };
  await expect.poll(readiness).toMatchObject([200, {}]);
});

test('a database that is away is not ready, and the process still alive', async () => {
  const without = await startTinyService(tinyConfig(issuer));
  const ready = await without.call('/readyz');
  expect([ready.status, await ready.json()]).toMatchObject([503, { checks: { postgresql: { ok: false } } }]);
  expect((await without.call('/healthz')).status).toBe(200);
  await without.close();
});

test('metrics count requests by the pattern of their route, never by their address', async () => {
  await service.call('/notes/a-secret-name/text', { token: await issuer.token(AGENCY) });
  await service.call('/a-secret-address');
  const metrics = await (await service.call('/metrics')).text();
  expect(metrics).toContain('sluice_http_request_seconds_count{method="GET",route="/notes/:note/text",status="403"} 1');
  expect(metrics).toContain('sluice_refused_total{code="not-allowed"} 1');
  expect(metrics).toContain('nodejs_eventloop_lag_seconds');
  expect(metrics + service.lines.join('')).not.toContain('a-secret');
});

test('refusals reach the service’s recorder, with whoever was refused', async () => {
  const recorded: unknown[] = [];
  service.app.get(Refusals).recordWith({
    record: (refusal) => {
      recorded.push(refusal);
      throw new Error('the recorder is out of order');
    },
  });
  expect((await service.call('/notes/1/text', { token: await issuer.token(AGENCY) })).status).toBe(403);
  expect((await service.call('/notes/1/text')).status).toBe(401);
  expect(recorded).toMatchObject([
    { code: 'not-allowed', endpoint: 'readNotes', actor: 'agency:harbour-bank', leftOut: 0 },
    { code: 'token-missing', endpoint: 'readNotes', actor: 'anonymous', leftOut: 0 },
  ]);
  expect(service.lines.join('')).toContain('a refusal could not be recorded');
  service.app.get(Refusals).recordWith({ record: () => {} });
});

test('a request is one line with its trace, and without address, query or headers', async () => {
  const from = service.lines.length;
  await service.call('/notes/secret-note/text?name=secret-name', {
    headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  });
  const lines = service.lines.slice(from).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([
    {
      service: 'tiny',
      method: 'GET',
      route: '/notes/:note/text',
      status: 401,
      trace: '0af7651916cd43dd8448eb211c80319c',
    },
  ]);
  expect(JSON.stringify(lines)).not.toContain('secret');
});

test('the service shows its contract', async () => {
  const document = await (await service.call('/openapi.json')).json();
  expect(document).toMatchObject({ openapi: '3.1.0', paths: { '/subjects/{subject}/attributes': expect.anything() } });
});
