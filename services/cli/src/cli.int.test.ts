import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HistoryEntry, type HistoryProof, LANES, laneOf, registerSubject } from '@sluice/contracts';
import { freePortBase, LocalStack, temporaryDataDir } from '@sluice/local-stack';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Diagnosis } from './doctor/diagnosis.js';
import type { LagRow } from './lag/lag-rows.js';
import type { LogEntry } from './log/entries.js';
import type { ParkedChange } from './parked/parked-changes.js';
import { runSluice } from './testing/run-sluice.js';

const WAIT = { timeout: 60_000, interval: 300 };
/** Heads are made every half minute. */
const EPOCH_WAIT = { timeout: 100_000, interval: 3_000 };

const data = temporaryDataDir();
let stack: LocalStack;
const subject = randomUUID();

beforeAll(async () => {
  stack = await LocalStack.start({ dataDir: data.path, portBase: await freePortBase(), durable: false });
  await register();
}, 180_000);

afterAll(async () => {
  await stack?.stop();
  data.remove();
});

const sluice = (...args: string[]) => runSluice([...args, '--data-dir', data.path]);

async function rowsOf<T>(...args: string[]): Promise<T[]> {
  const { out, err } = await sluice(...args, '-o', 'json');
  expect(out, err).not.toBe('');
  return JSON.parse(out) as T[];
}

async function register(): Promise<void> {
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
}

async function query<T>(text: string, values: unknown[]): Promise<T[]> {
  const client = new pg.Client({ connectionString: stack.postgresUrl });
  await client.connect();
  try {
    return (await client.query(text, values)).rows as T[];
  } finally {
    await client.end();
  }
}

/** The registration, parked as if it could not have been decided. */
async function park(): Promise<void> {
  const partition = laneOf(subject);
  await vi.waitFor(async () => {
    const next = 'select registry_offset as next from delivery.partition where partition = $1';
    expect(await query(next, [partition])).toEqual([{ next: '1' }]);
  }, WAIT);
  await query(
    `insert into delivery.parked (partition, registry_offset, subject, reason) values ($1, 0, $2, 'held by the test')`,
    [partition, subject],
  );
  // A worker looks for what is parked when it takes its partition over, and when it has parked something itself.
  await stack.service('delivery').restart();
  await vi.waitFor(async () => {
    const partitions = (await rowsOf<LagRow>('lag')).filter(({ part }) => part.startsWith('partition '));
    expect(partitions.map(({ state }) => state)).toEqual(Array(LANES).fill('ok'));
  }, WAIT);
}

describe('a stack that is well', () => {
  test('shows its lag, every part once', async () => {
    const rows = await rowsOf<LagRow>('lag');
    const names = rows.map(({ service, part }) => `${service}/${part}`);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(rows.map(({ service }) => service))).toEqual(
      new Set(['registry', 'consent', 'vetting', 'delivery', 'audit']),
    );
    expect(names).toEqual(
      expect.arrayContaining(['registry/grants', 'consent/fences', 'delivery/partition 5', 'audit/intake']),
    );
    await expect.poll(async () => (await sluice('lag')).code, WAIT).toBe(0);
    const behind = async () => (await rowsOf<LagRow>('lag')).reduce((sum, row) => sum + (row.behind ?? 0), 0);
    await expect.poll(behind, WAIT).toBe(0);
  });

  test('gives the doctor nothing to do', async () => {
    const diagnose = async () => (await rowsOf<Diagnosis>('doctor')).filter(({ state }) => state !== 'well');
    await expect.poll(diagnose, WAIT).toEqual([]);
    // One more look may find the next epoch of heads on its way.
    await expect
      .poll(() => sluice('doctor'), WAIT)
      .toMatchObject({ code: 0, out: expect.stringMatching(/Nothing is wrong in \d+ checks\.\n$/) });
  });

  test('has a history of every person, the reading included', async () => {
    const entries = () => rowsOf<HistoryEntry>('history', subject, '--all');
    const kinds = async () => (await entries()).map(({ kind }) => kind);
    await expect.poll(kinds, WAIT).toEqual(expect.arrayContaining(['registered', 'read']));
    const { code, out } = await sluice('history', subject, '--kind', 'registered', '-o', 'jsonl');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ actor: `person:${subject}`, attributes: ['mobilePhone'] });
  });

  test('has a log that grows, and proves to be what it was', async () => {
    const served = `${stack.urls.audit}/log/`;
    const key = await (await fetch(`${served}key`)).text();
    const { out } = await sluice('log', 'search', '--regex', '^record registry.events/\\d@0 ', '-o', 'jsonl');
    const { index, entry } = JSON.parse(out) as LogEntry;
    expect(await sluice('log', 'show', String(index), '--key', key)).toMatchObject({ code: 0, out: `${entry}\n` });
    for (const source of [served, join(data.path, 'log')]) {
      const verified = await sluice('verify', 'log', source, '--key', key, '-o', 'json');
      expect(verified.code).toBe(0);
      expect(JSON.parse(verified.out).size).toBeGreaterThan(index);
    }
  });

  test('gives a history that is proven complete, to be read and checked from a file years later', async () => {
    const key = (await (await fetch(`${stack.urls.audit}/log/key`)).text()).trim();
    const file = (name: string) => join(data.path, name);
    await expect
      .poll(async () => {
        await rm(file('mine.json'), { force: true });
        const { err } = await sluice('history', subject, '--proof', file('mine.json'));
        return err;
      }, EPOCH_WAIT)
      .toMatch(/holds ([2-9]|\d{2,}) events/);
    const verify = (...args: string[]) => runSluice(['verify', 'history', ...args, '--key', key]);
    const { code, out } = await verify(file('mine.json'));
    expect(out).toMatch(/complete to +20.*\n[\s\S]*Nothing is wrong\.\n$/);
    expect(code).toBe(0);
    const entries = await verify(file('mine.json'), '--entries', '-o', 'json');
    expect(JSON.parse(entries.out)).toContainEqual(
      expect.objectContaining({ kind: 'registered', attributes: ['mobilePhone'] }),
    );
    const shown = await rowsOf<HistoryEntry>('history', subject, '--all');
    for (const { at, kind, actor } of JSON.parse(entries.out)) {
      expect(shown).toContainEqual(expect.objectContaining({ at, kind, actor }));
    }
    expect((await sluice('history', subject, '--proof', file('mine.json'))).code).toBe(2);
    const proof = JSON.parse(await readFile(file('mine.json'), 'utf8')) as HistoryProof;
    await writeFile(file('less.json'), JSON.stringify({ ...proof, rows: proof.rows.slice(1) }));
    const less = await verify(file('less.json'), '--entries');
    expect([less.code, less.out]).toEqual([3, expect.stringContaining('history-incomplete')]);
    expect((await verify(file('mine.json'), '--earlier', file('mine.json'))).code).toBe(0);
    const all = await sluice('verify', 'histories', `${stack.urls.audit}/log/`, '--key', key);
    expect(all.out).toContain('Nothing is wrong.');
    expect(all.code).toBe(0);
  }, 150_000);

  test('lets nobody do what is not theirs', async () => {
    const token = await stack.tokenFor({ sub: randomUUID(), kind: 'person' });
    expect(await sluice('parked', 'list', '--token', token)).toMatchObject({ code: 4, out: '' });
    expect(await sluice('history', subject, '--token', token)).toMatchObject({ code: 5, out: '' });
    expect(await sluice('history', subject, '--token', 'forged')).toMatchObject({ code: 4, out: '' });
    expect((await sluice('doctor', '--token', token)).code).toBe(7);
  });
});

describe('what is parked', () => {
  beforeAll(park);

  test('is listed, shown, and trouble for the doctor', async () => {
    const [change] = await rowsOf<ParkedChange>('parked', 'list');
    expect(change).toMatchObject({ partition: laneOf(subject), offset: '0', subject, reason: 'held by the test' });
    expect(await rowsOf('parked', 'show', subject)).toEqual([change]);
    expect((await sluice('parked', 'show', randomUUID())).code).toBe(5);
    const { code, out } = await sluice('doctor', '-o', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toContainEqual({
      where: 'delivery',
      check: 'parked changes',
      state: 'trouble',
      found: '1 of 1 persons: held by the test 1',
      advice: expect.stringContaining('sluice parked list'),
    });
  });

  test('stays after a dry run, and goes with --yes and a reason', async () => {
    expect((await sluice('parked', 'retry', subject)).code).toBe(0);
    expect(await rowsOf('parked', 'list')).toHaveLength(1);
    const [done] = await rowsOf('parked', 'retry', '--all', '--yes', '--reason', 'the test let go');
    expect(done).toMatchObject({ subject, changes: 1, outcome: 'accepted' });
    await expect.poll(async () => (await sluice('parked', 'list', '-o', 'json')).out, WAIT).toBe('[]\n');
    expect((await sluice('parked', 'discard', subject, '--yes', '--reason', 'too late')).code).toBe(5);
  });
});

describe('a service that is away', () => {
  beforeAll(() => stack.service('vetting').stop());
  afterAll(() => stack.service('vetting').start());

  test('is named by lag and by the doctor, who says where to look', async () => {
    const lag = await sluice('lag', '-o', 'json');
    expect(lag.code).toBe(7);
    expect(JSON.parse(lag.out)).toContainEqual(expect.objectContaining({ service: 'vetting', state: 'no answer' }));
    const { code, out } = await sluice('doctor');
    expect(code).toBe(1);
    expect(out).toMatch(
      /✗ vetting +alive +vetting does not answer at .*ECONNREFUSED\)\n +Start it, [^\n]+vetting\.log says/,
    );
  });
});

test('the program itself ends with the code, and bears a reader that leaves', async () => {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'history', 'nobody', '--data-dir', data.path], { stdio: 'ignore' });
  expect((await once(child, 'exit'))[0]).toBe(2);
  const help = spawn(process.execPath, [main, 'completion', 'bash'], { stdio: ['ignore', 'pipe', 'pipe'] });
  help.stdout.destroy();
  let errors = '';
  help.stderr.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  expect([(await once(help, 'close'))[0], errors]).toEqual([0, '']);
});
