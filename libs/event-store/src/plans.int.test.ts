import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { EventStore } from './event-store.js';
import { RelaySession, readText } from './relay-session.js';
import { readStreamText } from './statements.js';
import { count, LogDatabase, streams } from './testing/log-database.js';

/**
 * Plans are judged by what PostgreSQL counted, not by its explanations: the statements are prepared or inside a
 * function, and it is the plan kept from when the tables were nearly empty that has to hold.
 */
let db: LogDatabase;
let pool: Pool;
let store: EventStore;

beforeAll(async () => {
  db = await LogDatabase.create(inject('pgUrl'));
  pool = db.pool({ max: 1 });
  store = new EventStore({ pool, schema: 'log' });
  // Plans are made now, while a sequential scan of a single page is the cheapest way to find anything.
  for (let index = 0; index < 10; index++) {
    await store.executeAll(streams(2).map((stream) => count(stream, { idempotency: key(stream) })));
  }
  await db.admin.query('analyze');
  for (let index = 0; index < 10; index++) {
    await store.executeAll(streams(200).map((stream) => count(stream, { idempotency: key(stream) })));
  }
  await db.admin.query('analyze log.event');
});
afterAll(async () => {
  await store.close();
  await db.close();
});

function key(stream: string): { key: string; requestDigest: Buffer } {
  return { key: stream, requestDigest: Buffer.alloc(32) };
}

interface Scans {
  seq: number;
  index: number;
}

async function scansOf(table: string): Promise<Scans> {
  const [row] = await db.rows<Scans>(
    `select seq_scan::int as seq, coalesce(idx_scan, 0)::int as index
       from pg_stat_user_tables where schemaname = 'log' and relname = $1`,
    [table],
  );
  return row!;
}

/** The scans that `work` caused; it has to use the store's only connection, which is made to report them at once. */
async function scansDuring(table: string, work: () => Promise<unknown>): Promise<Scans> {
  const report = () => pool.query('select pg_stat_force_next_flush()').then(() => pool.query('select 1'));
  await report();
  const before = await scansOf(table);
  await work();
  await report();
  const after = await scansOf(table);
  return { seq: after.seq - before.seq, index: after.index - before.index };
}

it('loading states and replies goes through the keys, one probe each', async () => {
  const asked = streams(100);
  const work = () => store.executeAll(asked.map((stream) => count(stream, { idempotency: key(stream) })));
  for (const table of ['stream_state', 'idempotency']) {
    const { seq, index } = await scansDuring(table, work);
    expect(seq).toBe(0);
    expect(index).toBeGreaterThanOrEqual(100);
  }
});

it('reading a stream goes through its key', async () => {
  const plan = await explain(
    readStreamText('log')
      .replace('$1', `'${streams(1)[0]}'`)
      .replace('$2', '1'),
  );
  expect(plan).toContain('Index Scan using event_stream_version');
  expect(plan).not.toMatch(/Sort|Seq Scan/);
});

it('the relay looks and reads along the commit order, and sorts nothing', async () => {
  const session = await RelaySession.open(db.url, 'log');
  const start = { xid: 0, position: 0 };
  const before = await scansOf('event');
  expect((await session.look(start)).ready).toBe(true);
  expect((await session.read(start)).length).toBeGreaterThan(100_000);
  // A session that ends reports at once.
  await session.close();
  const after = await scansOf('event');
  expect(after.seq).toBe(before.seq);

  const plan = await explain(readText('log', start));
  expect(plan).toContain('Index Scan using event_commit_order');
  expect(plan).not.toMatch(/Sort|Seq Scan/);
});

async function explain(text: string): Promise<string> {
  const rows = await db.rows<{ 'QUERY PLAN': string }>(`explain (costs off) ${text}`);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}
