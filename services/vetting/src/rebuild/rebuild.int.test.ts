import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCESS_ADMINISTERED, REBUILD_ENDPOINTS, type RebuildView, suspendAgency, TOPICS } from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { ADA, OTTO, RunningVetting, SOL } from '../testing/running-vetting.js';
import { TopicReader } from '../testing/topic-reader.js';
import { prepareVettingDatabase } from '../testing/vetting-database.js';

const kafka = { ...inject('kafka'), clientId: 'vetting-rebuild-test' };
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareVettingDatabase(database.url);
const admin = new pg.Pool({ connectionString: database.url, max: 2 });
const service = new pg.Pool({ connectionString: databaseUrl, max: 2 });
const accesses = await TopicReader.start(kafka, TOPICS.access);
const vetting = await RunningVetting.start(kafka, databaseUrl);

afterAll(async () => {
  await vetting.close();
  await accesses.close();
  await Promise.all([admin.end(), service.end()]);
  await database.drop();
});

const { plan, move, read, differences, list, readModels } = REBUILD_ENDPOINTS.vetting;

async function planned(readModel = 'agency', rate = 0): Promise<RebuildView> {
  const answer = await vetting.call(plan, { as: OTTO, body: { readModel, rate } });
  expect(answer).toMatchObject({ status: 201, body: { state: 'planned', readModel } });
  return answer.body;
}

async function ended(rebuild: string): Promise<RebuildView> {
  await expect.poll(async () => (await seen(rebuild)).state).toBe('done');
  return await seen(rebuild);
}

const seen = async (rebuild: string) => (await vetting.call(read, { as: OTTO, rebuild })).body;

async function run(readModel: string, swap = false): Promise<RebuildView> {
  const { rebuild } = await planned(readModel);
  await vetting.call(move, { as: OTTO, rebuild, body: { move: 'run', swap } });
  return await ended(rebuild);
}

const NONE = { altered: 0, missing: 0, added: 0, mended: 0 };

test('what nobody touched is the same, and the plan told its extent', async () => {
  for (let made = 0; made < 3; made++) await vetting.accredited();
  const rebuild = await run('agency');
  expect(rebuild).toMatchObject({ swap: false, differences: NONE, plannedBy: 'staff:otto' });
  expect(rebuild.extent.rows).toBeGreaterThanOrEqual(3);
  expect(rebuild.extent.events).toBeGreaterThanOrEqual(9);
  expect(rebuild.progress.events).toBeGreaterThanOrEqual(9);
});

test('events that an open transaction holds back are waited for, not left out', async () => {
  const holder = await admin.connect();
  await holder.query('begin');
  await holder.query('select pg_current_xact_id()');
  let rebuild: string;
  try {
    const { agency } = await vetting.accredited();
    await admin.query('delete from vetting.agency where agency = $1', [agency]);
    ({ rebuild } = await planned());
    await vetting.call(move, { as: OTTO, rebuild, body: { move: 'run', swap: true } });
    await expect.poll(async () => (await seen(rebuild)).state).toBe('running');
    await sleep(500);
    expect(await seen(rebuild)).toMatchObject({ state: 'running', phase: 'filling' });
  } finally {
    await holder.query('commit');
    holder.release();
  }
  expect(await ended(rebuild)).toMatchObject({ differences: { missing: 1, mended: 1 } });
});

test.each(['agency', 'stream_state'])(
  '%s: an altered, a deleted and an added row are found, and mended by the swap',
  async (table) => {
    const key = table === 'agency' ? 'agency' : 'stream';
    for (let made = 0; made < 3; made++) await vetting.accredited();
    const before = await rowsOf(table);
    const [altered, deleted] = before.slice(-2).map((row) => row[key]);
    const added =
      table === 'agency' ? `ghost-${randomBytes(4).toString('hex')}` : '00000000-0000-4000-8000-000000000000';
    const changes = table === 'agency' ? `view = '{}'` : `state = 'not what it was'`;
    await admin.query(`update vetting.${table} set ${changes} where ${key} = $1`, [altered]);
    await admin.query(`delete from vetting.${table} where ${key} = $1`, [deleted]);
    const [template] = before;
    await admin.query(
      `insert into vetting.${table} select (json_populate_record(t, $2)).* from vetting.${table} t where ${key} = $1`,
      [template![key], { [key]: added }],
    );

    const compared = await run(table);
    expect(compared.differences).toEqual({ altered: 1, missing: 1, added: 1, mended: 0 });
    const found = await vetting.call(differences, { as: ADA, rebuild: compared.rebuild });
    const column = table === 'agency' ? 'view' : 'state';
    expect(found.body.differences).toEqual(
      expect.arrayContaining([
        { key: [altered], kind: 'altered', columns: [column], mended: false },
        { key: [deleted], kind: 'missing', columns: [], mended: false },
        { key: [added], kind: 'added', columns: [], mended: false },
      ]),
    );

    const swapped = await run(table, true);
    expect(swapped.differences).toEqual({ altered: 1, missing: 1, added: 1, mended: 3 });
    const after = await rowsOf(table);
    expect(after.filter((row) => before.some((one) => one[key] === row[key]))).toEqual(before);
    expect(after.map((row) => row[key])).not.toContain(added);
    expect((await run(table)).differences).toEqual(NONE);
  },
);

async function rowsOf(table: string): Promise<Record<string, unknown>[]> {
  const order = table === 'agency' ? 'agency' : `(state = ''), stream`;
  const { rows } = await admin.query(`select * from vetting.${table} order by ${order}`);
  return table === 'agency' ? rows : rows.filter(({ state }) => state.length > 0);
}

test('live traffic goes on meanwhile: no difference, nothing lost', async () => {
  const agencies: string[] = [];
  let stop = false;
  const traffic = (async () => {
    while (!stop) {
      const { agency } = await vetting.accredited();
      await vetting.call(suspendAgency, { as: SOL, agency, body: { reason: 'a test of it' } });
      agencies.push(agency);
    }
  })();
  for (let round = 0; round < 4; round++) expect((await run('agency', true)).differences).toEqual(NONE);
  stop = true;
  await traffic;
  const { rows } = await admin.query(`select agency, state from vetting.agency where agency = any($1)`, [agencies]);
  expect(rows).toHaveLength(agencies.length);
  expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(['suspended']));
  expect((await run('agency')).differences).toEqual(NONE);
});

test('is paused, run again from where it was, and cancelled', async () => {
  for (let made = 0; made < 20; made++) await vetting.applied();
  const { rebuild } = await planned('agency', 1);
  const moved = (body: object) => vetting.call(move, { as: OTTO, rebuild, body });
  expect(await moved({ move: 'pause' })).toMatchObject({ status: 409, problem: 'wrong-state' });
  await moved({ move: 'run' });
  await expect.poll(async () => (await seen(rebuild)).progress.events).toBeGreaterThan(0);
  expect((await moved({ move: 'pause' })).body.state).toBe('paused');
  const { progress } = await seen(rebuild);

  const other = await planned('agency');
  const second = await vetting.call(move, { as: OTTO, rebuild: other.rebuild, body: { move: 'run' } });
  expect(second).toMatchObject({ status: 409, problem: 'wrong-state' });

  await moved({ move: 'run', rate: 0 });
  const end = await ended(rebuild);
  const { rows } = await admin.query('select count(*)::int as events from vetting.event');
  expect(end.progress.events).toBeGreaterThan(progress.events);
  expect(end.progress.events).toBeLessThanOrEqual(rows[0].events);
  expect(await moved({ move: 'cancel' })).toMatchObject({ status: 409, problem: 'wrong-state' });
  const cancelled = await vetting.call(move, { as: OTTO, rebuild: other.rebuild, body: { move: 'cancel' } });
  expect(cancelled.body.state).toBe('cancelled');
});

test('is an operator’s to do, and recorded with who did it', async () => {
  for (const as of [SOL, { sub: 'bank', kind: 'agency', agency: 'bank' }]) {
    expect(await vetting.call(plan, { as, body: { readModel: 'agency', rate: 0 } })).toMatchObject({
      status: 403,
      problem: 'not-allowed',
    });
  }
  expect((await vetting.call(readModels, { as: OTTO })).body.readModels.map(({ readModel }) => readModel)).toContain(
    'agency',
  );
  expect(await vetting.call(plan, { as: OTTO, body: { readModel: 'sanction', rate: 0 } })).toMatchObject({
    problem: 'not-found',
  });
  expect(await vetting.call(plan, { as: OTTO, body: { readModel: 'agency; drop', rate: -1 } })).toMatchObject({
    problem: 'validation-failed',
  });
  const { rebuild } = await run('agency', true);
  const acts = await accesses.until(
    ({ type, data }) => type === ACCESS_ADMINISTERED && String(data.target).includes(rebuild),
    3,
  );
  // Each in a partition of its own, so in any order.
  expect(acts.map(({ data }) => `${data.by} ${data.act}`).sort()).toEqual([
    'service:vetting rebuild-done',
    'staff:otto plan-rebuild',
    'staff:otto run-rebuild',
  ]);
  const ran = acts.find(({ data }) => data.act === 'run-rebuild');
  expect(ran!.data.target).toBe(`vetting.agency ${rebuild}, swapping`);
  expect((await vetting.call(list, { as: ADA })).body.rebuilds[0]!.rebuild).toBe(rebuild);
});

test('the service’s role can neither drop or empty its live table, nor mend it when no swap is running', async () => {
  await expect(service.query('delete from vetting.agency')).rejects.toThrow('permission denied');
  await expect(service.query('drop table vetting.agency')).rejects.toThrow('must be owner');
  const { rebuild } = await planned();
  await expect(service.query(`select vetting.rebuild_mend_agency($1, '[]', '[]')`, [rebuild])).rejects.toThrow(
    'no rebuild is swapping this',
  );
});
