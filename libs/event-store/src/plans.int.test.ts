import { hash } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { EventStore } from './event-store.js';
import { loadText } from './load.js';
import { readText } from './log-reads.js';
import { RelaySession } from './relay-session.js';
import { readStreamAsOfText, readStreamText, readVersionsText } from './statements.js';
import { count, LogDatabase, streams } from './testing/log-database.js';

let db: LogDatabase;
const known: string[] = [];

beforeAll(async () => {
  db = await LogDatabase.create(inject('pgUrl'));
  const store = new EventStore({ pool: db.pool(), schema: 'log' });
  for (let round = 0; round < 10; round++) {
    const fresh = streams(500);
    known.push(...fresh);
    await store.executeAll(
      fresh.map((stream) => count(stream, { idempotency: { key: stream, requestDigest: Buffer.alloc(32) } })),
    );
  }
  await db.admin.query('analyze log.event, log.stream_state, log.idempotency');
});
afterAll(() => db.close());

async function explain(text: string): Promise<string> {
  const rows = await db.rows<{ 'QUERY PLAN': string }>(`explain (costs off) ${text}`);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

it('loading states and replies goes through their keys', async () => {
  const asked = known.slice(0, 20);
  const plan = await explain(
    loadText(
      { schema: 'log', stateEvery: 4 },
      asked,
      asked.map((stream) => hash('sha256', stream, 'hex')),
    ),
  );
  expect(plan).toMatch(/stream_state_pkey/);
  expect(plan).toMatch(/idempotency_pkey/);
  expect(plan).toMatch(/event_stream_version/);
  expect(plan).not.toContain('Seq Scan');
});

it('reading a stream and looking back at it go through its key, however long the log is', async () => {
  const of = (text: string) => text.replace('$1', `'${known[0]}'`);
  const reads = [
    readStreamText('log').replace('$2', '3').replace('$3', '256'),
    readStreamAsOfText('log').replace('$2', '257').replace('$3', '512').replace('$4', 'now()'),
    readVersionsText('log').replace('$2', "'{1,2}'"),
  ];
  for (const text of reads) {
    const plan = await explain(of(text));
    expect(plan, text).toContain('Index Scan using event_stream_version');
    expect(plan, text).not.toMatch(/Sort|Seq Scan/);
  }
});

it('the relay reads along the commit order and sorts nothing', async () => {
  const plan = await explain(readText('log', { xid: 0, position: 0 }));
  expect(plan).toContain('Index Scan using event_commit_order');
  expect(plan).not.toMatch(/Sort|Seq Scan/);
});

it("the relay's look, prepared while the log is nearly empty, scans nothing", async () => {
  // Judged by what PostgreSQL counted: it is the plan inside the session that has to hold.
  const scans = async () => {
    const [row] = await db.rows<{ scans: number }>(
      `select seq_scan::int as scans from pg_stat_user_tables where schemaname = 'log' and relname = 'event'`,
    );
    return row!.scans;
  };
  const session = await RelaySession.open(db.url, 'log');
  const before = await scans();
  // Transactions of other databases hold it back, too.
  await expect.poll(async () => (await session.look({ xid: 0, position: 0 })).ready).toBe(true);
  // A session that ends reports at once.
  await session.close();
  expect(await scans()).toBe(before);
});
