import { createSecretKey, randomBytes } from 'node:crypto';
import { createTestDatabase } from '@sluice/local-stack';
import { Pool, type PoolClient } from 'pg';
import { afterAll, beforeEach, expect, inject, test } from 'vitest';
import { LogSession } from '../log/log-session.js';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { readHeadsLeaf } from './heads-leaf.js';
import { HeadsStore } from './heads-store.js';
import { FED_ROW_BYTES } from './history-feed.js';

const secret = createSecretKey(randomBytes(32));
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const pool = new Pool({ connectionString: databaseUrl, max: 6 });
pool.on('error', () => {});
const admin = new Pool({ connectionString: database.url, max: 1 });
const store = new HeadsStore(pool, secret);
const persons = Array.from({ length: 40 }, () => randomBytes(16));
let offset = 0;
let leaves = 0;

afterAll(async () => {
  await pool.end();
  await admin.end();
  await database.drop();
});

const TABLES = 'audit.heads_feed, audit.map_bucket, audit.map_tile, audit.heads_source, audit.heads_leaf';

/** As in a database where no head was ever made. */
async function begin(): Promise<void> {
  await admin.query(`truncate ${TABLES}`);
  await admin.query("update audit.heads set epoch = 0, labels = 0, leaf = null, making = false, made_at = '-infinity'");
  offset = 0;
}

beforeEach(begin);

function rowsOf(indexes: readonly number[]): Buffer {
  const rows = Buffer.alloc(indexes.length * FED_ROW_BYTES);
  indexes.forEach((person, i) => {
    persons[person]!.copy(rows, i * FED_ROW_BYTES);
    rows[i * FED_ROW_BYTES + 16] = 1;
    rows.writeUInt32BE(i + offset, i * FED_ROW_BYTES + 18);
  });
  return rows;
}

async function feed(...indexes: number[]): Promise<void> {
  const rows = rowsOf(indexes);
  offset += indexes.length;
  await pool.query('insert into audit.heads_feed (partition, topics, next_offsets, rows) values (0, $1, $2, $3)', [
    ['delivery.ledger'],
    [String(offset)],
    rows,
  ]);
}

/** What the keeper of the log does in its turn. */
async function log(): Promise<string | undefined> {
  const session = await LogSession.open(databaseUrl); // none outlives a while of doing nothing
  try {
    const content = await session.pendingHeads();
    if (content === undefined) return undefined;
    leaves += 1;
    const { epoch } = readHeadsLeaf(content)!;
    await session.index({ blocks: [], heads: [{ epoch, leaf: leaves, content }] }, leaves);
    return content;
  } finally {
    await session.close();
  }
}

const rootOf = (leaf: string | undefined) => readHeadsLeaf(leaf!)!.root.toString('base64');
const everybody = persons.map((_, i) => i);

test('however the rows are cut into epochs, the heads are the same', async () => {
  await feed(...everybody, ...everybody, 3);
  await store.fold(0);
  const once = rootOf(await log());
  await begin();
  await feed(...everybody);
  await store.fold(0);
  await log();
  await feed(...everybody);
  await feed(3);
  await store.fold(0);
  const last = await log();
  // The rows differ in what they commit to by their number only.
  expect(rootOf(last)).toBe(once);
  expect(readHeadsLeaf(last!)).toMatchObject({ epoch: 2, labels: 40 });
});

test('nothing is folded while a leaf waits, before it is time, or where nothing is new', async () => {
  await feed(1, 2);
  expect((await store.fold(60_000)).rows).toBe(2);
  await feed(3);
  expect((await store.fold(0)).rows).toBe(0);
  expect(await log()).toMatch(/^heads 1 /);
  expect((await store.fold(60_000)).rows).toBe(0);
  expect((await store.fold(0)).rows).toBe(1);
  await log();
  expect((await store.fold(0)).rows).toBe(0);
  expect(await log()).toBeUndefined();
});

test('many instances at once: every row is taken up once', async () => {
  for (let i = 0; i < 20; i++) await feed(...everybody);
  const folded = await Promise.all(Array.from({ length: 5 }, () => store.fold(0)));
  expect(folded.filter(({ rows }) => rows > 0)).toEqual([{ rows: 800, epoch: 1 }]);
  const { rows } = await admin.query('select count(*)::int as left from audit.heads_feed');
  expect(rows).toEqual([{ left: 0 }]);
  expect(readHeadsLeaf((await log())!)).toMatchObject({ labels: 40 });
});

/** A pool of one connection that calls `before` ahead of each of its statements. */
function watched(before: (client: PoolClient) => Promise<void>): Pool {
  const target = new Pool({ connectionString: databaseUrl, max: 1 });
  target.on('error', () => {});
  target.on('connect', (client) => {
    const query = client.query.bind(client) as (...given: unknown[]) => Promise<unknown>;
    Object.assign(client, {
      query: async (...given: unknown[]) => {
        await before(client as PoolClient);
        return query(...given);
      },
    });
  });
  return target;
}

/** Folds in a process that dies ahead of this statement. @returns whether it came through before that */
async function foldKilledAt(step: number): Promise<boolean> {
  let left = step;
  const dying = watched(async (client) => {
    if (left-- > 0) return;
    const { processID } = client as PoolClient & { processID: number };
    // Gone, and its lock with it, before anything goes on.
    await admin.query('select pg_terminate_backend($1, 10000)', [processID]);
  });
  try {
    await new HeadsStore(dying, secret).fold(0);
    return true;
  } catch {
    return false;
  } finally {
    await dying.end().catch(() => {});
  }
}

test('killed anywhere within an epoch: it is made again, with nothing lost and nothing twice', async () => {
  await feed(...everybody, ...everybody);
  await feed(...everybody, 3);
  await store.fold(0);
  const expected = rootOf(await log());
  let failures = 0;
  for (let step = 0; ; step++) {
    await begin();
    await feed(...everybody, ...everybody);
    await store.fold(0);
    await log();
    await feed(...everybody, 3);
    const survived = await foldKilledAt(step);
    if (!survived) await store.fold(0);
    expect(rootOf(await log()), `killed ahead of statement ${step}`).toBe(expected);
    if (survived) break;
    failures += 1;
  }
  expect(failures).toBeGreaterThan(15);
});

test('what a killed process wrote for an epoch is neither read nor kept', async () => {
  const labels = async () => (await admin.query('select labels::int as labels from audit.heads')).rows[0].labels;
  for (let step = 0; step < 20; step++) {
    await feed(...everybody.slice(0, step + 1));
    await foldKilledAt(step);
    await store.fold(0);
    await log();
    expect(await labels()).toBe(step + 1);
  }
  await feed(...everybody);
  await store.fold(0);
  const { rows } = await admin.query(
    'select count(*)::int as stored, count(distinct bucket)::int as buckets from audit.map_bucket',
  );
  // Now and then two of the forty are of one bucket.
  expect(rows[0].buckets).toBeGreaterThan(30);
  expect(rows[0].stored).toBe(rows[0].buckets);
});

test('while many rows are brought together the session is not idle for long', async () => {
  for (let i = 0; i < 40; i++) await feed(...Array.from({ length: 1_000 }, (_, n) => n % persons.length));
  let statements = 0;
  let ahead = 0;
  const watching = watched(async () => {
    statements += 1;
    const { rows } = await admin.query('select making from audit.heads');
    if (rows[0].making === false) ahead = statements;
  });
  expect(await new HeadsStore(watching, secret).fold(0)).toMatchObject({ rows: 40_000 });
  await watching.end();
  // One for every 5,000 rows, beside those that ask for the lock, the state and the feed.
  expect(ahead).toBeGreaterThan(8 + 5);
});

test('an epoch in the making holds up no reader of a log', async () => {
  const many = Buffer.alloc(3_000 * FED_ROW_BYTES);
  for (let row = 0; row < 3_000; row++) randomBytes(16).copy(many, row * FED_ROW_BYTES);
  await pool.query("insert into audit.heads_feed (partition, topics, next_offsets, rows) values (0, '{}', '{}', $1)", [
    many,
  ]);
  let statements = 0;
  let held = 0;
  const watching = watched(async (client) => {
    const { processID } = client as PoolClient & { processID: number };
    const { rows } = await admin.query('select 1 from pg_stat_activity where pid = $1 and backend_xid is not null', [
      processID,
    ]);
    statements += 1;
    held += rows.length;
  });
  expect(await new HeadsStore(watching, secret).fold(0)).toMatchObject({ rows: 3_000 });
  await watching.end();
  expect(statements).toBeGreaterThan(30);
  // Of the transaction that makes it stand, however many persons it is of.
  expect(held).toBeLessThanOrEqual(6);
});

test('a database that was put back adds no leaf before it covers what the log has', async () => {
  await feed(...everybody);
  await store.fold(0);
  await log();
  await feed(1, 2, 3);
  await store.fold(0);
  const last = (await log())!;
  await admin.query('truncate audit.heads_feed, audit.map_bucket, audit.map_tile, audit.heads_source');
  await admin.query("update audit.heads set epoch = 0, labels = 0, made_at = '-infinity'");
  offset = 0;
  await feed(...everybody);
  expect((await store.fold(0)).epoch).toBe(3);
  expect(await log()).toBeUndefined();
  await feed(1, 2, 3);
  expect((await store.fold(0)).epoch).toBe(4);
  expect(rootOf(await log())).toBe(rootOf(last));
});

test('a machine so busy that folding takes longer than a transaction may stand still: none is open while it folds', async () => {
  for (let i = 0; i < 60; i++) await feed(...Array.from({ length: 1_000 }, (_, n) => n % persons.length));
  let within = 0;
  const watching = watched(async (client) => {
    const { processID } = client as PoolClient & { processID: number };
    const { rows } = await admin.query(
      "select 1 from pg_stat_activity where pid = $1 and state like 'idle in transaction%'",
      [processID],
    );
    within += rows.length;
  });
  expect((await new HeadsStore(watching, secret).fold(0)).rows).toBe(60_000);
  await watching.end();
  expect(within).toBeLessThanOrEqual(7); // those of the transaction that makes it stand
});

test('a feed that is read in several answers makes the same heads as one that is folded pull by pull', async () => {
  const pulls = [7_000, 1, 12_000, 6_000].map((length) => Array.from({ length }, (_, n) => n % persons.length));
  for (const pull of pulls) await feed(...pull);
  expect((await store.fold(0)).rows).toBe(25_001);
  const once = rootOf(await log());
  await begin();
  let last: string | undefined;
  for (const pull of pulls) {
    await feed(...pull);
    await store.fold(0);
    last = await log();
  }
  expect(rootOf(last)).toBe(once);
});
