import { randomUUID } from 'node:crypto';
import { registerSubject } from '@sluice/contracts';
import { freePortBase, LocalStack, temporaryDataDir } from '@sluice/local-stack';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runSluice } from '../../testing/run-sluice.js';

const PERSONS = 300;
const WAIT = { timeout: 60_000 };

const data = temporaryDataDir();
let stack: LocalStack;
let admin: pg.Pool;
const persons: string[] = [];

beforeAll(async () => {
  stack = await LocalStack.start({
    dataDir: data.path,
    portBase: await freePortBase(),
    durable: false,
    services: ['registry'],
  });
  admin = new pg.Pool({ connectionString: stack.postgresUrl, max: 2 });
  admin.on('error', () => {});
  await Promise.all(Array.from({ length: PERSONS }, register));
}, 180_000);

afterAll(async () => {
  await admin?.end();
  await stack?.stop();
  data.remove();
});

async function register(): Promise<void> {
  const subject = randomUUID();
  const token = await stack.tokenFor({ sub: subject, kind: 'person' });
  const response = await fetch(`${stack.urls.registry}${registerSubject.path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify({ attributes: { mobilePhone: '+8613900000000' } }),
  });
  expect(response.status).toBe(201);
  persons.push(subject);
}

const rebuild = (...args: string[]) => runSluice(['replay', 'rebuild', ...args, '--data-dir', data.path]);

const rows = async (text: string, values: unknown[] = []) => (await admin.query(text, values)).rows;

test('names what differs with 3, replaces it with 0, and finds nothing after', async () => {
  expect(await rebuild('registry', 'stream_state', '--rate', '0')).toMatchObject({ code: 0 });
  const [altered, deleted] = persons as [string, string];
  await rows(`update registry.stream_state set state = '\\x0102' where stream = $1`, [altered]);
  await rows('delete from registry.stream_state where stream = $1', [deleted]);

  const compared = await rebuild('registry', 'stream_state', '--rate', '0', '-o', 'json');
  expect(compared.code).toBe(3);
  expect(compared.err).toMatch(/plan [0-9a-f-]{36}: about \d+ events, \d+ rows/);
  const document = JSON.parse(compared.out);
  expect(document).toMatchObject({ state: 'done', differences: { altered: 1, missing: 1, added: 0, mended: 0 } });
  expect(document.differing.map(({ key, kind }: { key: string[]; kind: string }) => [key[0], kind])).toEqual(
    expect.arrayContaining([
      [altered, 'altered'],
      [deleted, 'missing'],
    ]),
  );

  const swapped = await rebuild('registry', 'stream_state', '--rate', '0', '--swap');
  expect(swapped.code).toBe(0);
  expect(swapped.out).toContain('2 of 2 mended');
  const again = await rebuild('registry', 'stream_state', '--rate', '0');
  expect(again).toMatchObject({ code: 0, out: expect.stringContaining('no row differs') });
});

test('a service that is killed in the middle goes on from where it was, and whoever watches sees the end', async () => {
  const running = rebuild('registry', 'stream_state', '--rate', '50', '-o', 'json');
  const progress = async () => (await rows(`select id, events::int from registry.rebuild where state = 'running'`))[0];
  await expect.poll(async () => (await progress())?.events, WAIT).toBeGreaterThan(0);
  const { id, events } = await progress();
  await stack.service('registry').kill();
  const kept = (await rows('select place from registry.rebuild_progress where rebuild = $1', [id]))[0].place;
  expect(kept.position).toBeGreaterThan(0);
  expect((await progress()).id).toBe(id);
  await stack.service('registry').start();
  const { code, out } = await running;
  expect(code).toBe(0);
  const document = JSON.parse(out);
  expect(document).toMatchObject({ rebuild: id, state: 'done', differences: { altered: 0, missing: 0, added: 0 } });
  // Nothing was read twice: what was read before the kill counts once.
  const [{ all }] = await rows('select count(*)::int as all from registry.event');
  expect(document.progress.events).toBeGreaterThan(events);
  expect(document.progress.events).toBeLessThanOrEqual(all);
});

test('is planned, run by its id, paused and given up', async () => {
  const planned = await rebuild('registry', 'stream_state', '--plan-only', '--rate', '1', '-o', 'jsonl');
  expect(planned.code).toBe(0);
  const { rebuild: id } = JSON.parse(planned.out);
  const running = rebuild('registry', '--plan', id, '--rate', '1', '-o', 'jsonl');
  await expect
    .poll(async () => (await rows('select state from registry.rebuild where id = $1', [id]))[0].state, WAIT)
    .toBe('running');
  expect(await rebuild('registry', 'stream_state', '--rate', '1')).toMatchObject({ code: 6 });
  expect(JSON.parse((await rebuild('registry', '--plan', id, '--pause', '-o', 'jsonl')).out)).toMatchObject({
    state: 'paused',
  });
  expect((await running).code).toBe(7);
  expect(JSON.parse((await rebuild('registry', '--plan', id, '--cancel', '-o', 'jsonl')).out)).toMatchObject({
    state: 'cancelled',
  });
  expect(await rebuild('registry', '--plan', id, '--pause')).toMatchObject({ code: 6 });
});

test('tells what can be rebuilt, and what was not understood', async () => {
  const { code, out } = await rebuild('registry', '-o', 'json');
  expect(code).toBe(0);
  expect(JSON.parse(out).map(({ readModel }: { readModel: string }) => readModel)).toEqual([
    'publisher',
    'stream_state',
  ]);
  expect((await rebuild('registry', 'filing')).code).toBe(5);
  expect((await rebuild('registry', 'stream_state', '--pause')).code).toBe(2);
  expect((await rebuild('nobody', 'stream_state')).code).toBe(2);
  expect((await rebuild('registry', '--plan', 'x')).code).toBe(2);
  const token = await stack.tokenFor({ sub: 'ada', kind: 'staff', roles: ['auditor'] });
  const wrong = await runSluice([
    'replay',
    'rebuild',
    'registry',
    'stream_state',
    '--registry-url',
    stack.urls.registry,
    '--token',
    token,
  ]);
  expect(wrong).toMatchObject({ code: 4, out: '' });
});
