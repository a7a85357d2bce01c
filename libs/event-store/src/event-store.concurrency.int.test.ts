import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { EventStore } from './event-store.js';
import { GatedPool } from './testing/gated-pool.js';
import { count, LogDatabase, streams } from './testing/log-database.js';
import type { Command, Outcome } from './types.js';

let db: LogDatabase;

beforeAll(async () => {
  db = await LogDatabase.create(inject('pgUrl'));
});
afterAll(() => db.close());

/** What a caller does who was told that others were first. */
function retryContended(error: { code: string }): undefined {
  if (error.code !== 'contended') throw error;
}

describe('two instances', () => {
  it('that meet on a stream: the later one decides again on what the other stored', async () => {
    const stream = randomUUID();
    const pool = new GatedPool({ connectionString: db.url });
    const slow = new EventStore({ pool, schema: 'log' });
    const fast = new EventStore({ pool: db.pool(), schema: 'log' });
    let appends = 0;
    pool.gate = async (name) => {
      if (name !== 'log.append') return;
      appends += 1;
      // After the slow one has loaded and decided, twice.
      if (appends <= 2) await fast.execute(count(stream));
    };
    expect(await slow.execute(count(stream))).toMatchObject({ kind: 'done', reply: 3, version: 3 });
    expect(appends).toBe(3);
    await pool.end();
  });

  it('that always meet: the loser gives up after five tries and says that it may be tried again', async () => {
    const stream = randomUUID();
    const pool = new GatedPool({ connectionString: db.url });
    const slow = new EventStore({ pool, schema: 'log' });
    const fast = new EventStore({ pool: db.pool(), schema: 'log' });
    pool.gate = async (name) => {
      if (name === 'log.append') await fast.execute(count(stream));
    };
    await expect(slow.execute(count(stream))).rejects.toMatchObject({ code: 'contended', retryable: true });
    expect((await fast.load(stream)).version).toBe(5);
    await pool.end();
  });

  it('that take turns after a conflict still tell each command its own fault', async () => {
    const [stream, bad, good] = streams(3) as [string, string, string];
    await db.admin.query('create table log.taken (name text primary key)');
    await db.admin.query(`insert into log.taken values ('a'); grant insert on log.taken to ${db.role}`);
    const pool = new GatedPool({ connectionString: db.url });
    const store = new EventStore({ pool, schema: 'log' });
    const other = new EventStore({ pool: db.pool(), schema: 'log' });
    const asked: string[] = [];
    pool.gate = async (name) => {
      asked.push(name);
      if (asked.length === 1) await other.execute(count(stream));
    };
    await store.execute(count(stream));
    expect(asked).toEqual(['log.append', 'log.take_turn', 'log.append']);

    const taken: Command<number> = {
      ...count(bad),
      decide: (current) => ({
        ...(count(bad).decide(current) as Extract<Outcome<number>, { kind: 'append' }>),
        effects: [{ name: 'take', text: 'insert into log.taken values ($1)', values: ['a'] }],
      }),
    };
    const [refused, done] = await Promise.all([store.execute(taken), store.execute(count(good))]);
    expect(refused).toEqual({ kind: 'constraint', constraint: 'taken_pkey' });
    expect(done).toMatchObject({ kind: 'done', version: 1 });
    const oops = new Error('oops');
    const thrown = store.executeAll([count(good)], () => {
      throw oops;
    });
    await expect(thrown).rejects.toBe(oops);
    expect(asked.filter((name) => name === 'log.take_turn').length).toBeGreaterThan(2);
    expect((await store.load(good)).version).toBe(1);
    expect((await store.load(bad)).version).toBe(0);
    await pool.end();
  });

  it('with eight callers each on the same few streams lose no update and leave no gap', async () => {
    const shared = streams(3);
    const stores = [1, 2].map(() => new EventStore({ pool: db.pool(), schema: 'log' }));
    const EACH = 40;
    const answers = new Map(shared.map((stream) => [stream, [] as number[]]));
    const caller = async (store: EventStore, seed: number): Promise<void> => {
      for (let index = 0; index < EACH; index++) {
        const stream = shared[(seed + index) % shared.length]!;
        for (;;) {
          const result = await store.execute(count(stream)).catch(retryContended);
          if (result?.kind !== 'done') continue;
          answers.get(stream)!.push(result.reply);
          break;
        }
      }
    };
    await Promise.all(stores.flatMap((store) => Array.from({ length: 8 }, (_, seed) => caller(store, seed))));
    let total = 0;
    for (const stream of shared) {
      const numbers = answers.get(stream)!.sort((a, b) => a - b);
      const upTo = Array.from({ length: numbers.length }, (_, index) => index + 1);
      expect(numbers).toEqual(upTo);
      const rows = await db.rows<{ version: number }>(
        'select version from log.event where stream = $1 order by xid, position',
        [stream],
      );
      expect(rows.map((row) => row.version)).toEqual(upTo);
      total += numbers.length;
    }
    expect(total).toBe(2 * 8 * EACH);
  });

  it('with batches over the same streams in opposite order do not stop each other', async () => {
    const shared = streams(40);
    const stores = [1, 2].map(() => new EventStore({ pool: db.pool(), schema: 'log' }));
    const rounds = 10;
    await Promise.all(
      stores.map(async (store, index) => {
        const order = index === 0 ? shared : shared.toReversed();
        for (let round = 0; round < rounds; round++) {
          for (;;) {
            if (await store.executeAll(order.map((stream) => count(stream))).catch(retryContended)) break;
          }
        }
      }),
    );
    for (const stream of shared) expect((await stores[0]!.load(stream)).version).toBe(2 * rounds);
  });

  it('given one idempotency key at the same time store one command, whatever stream it names', async () => {
    const stores = [1, 2].map(() => new EventStore({ pool: db.pool(), schema: 'log' }));
    for (let round = 0; round < 20; round++) {
      const idempotency = { key: randomUUID(), requestDigest: Buffer.alloc(32) };
      const [a, b] = streams(2) as [string, string];
      const results = await Promise.all([
        ...[a, a, b].map((stream) => stores[0]!.execute(count(stream, { idempotency }))),
        ...[a, b, b].map((stream) => stores[1]!.execute(count(stream, { idempotency }))),
      ]);
      expect(results.filter((result) => result.kind === 'done' && result.appended)).toHaveLength(1);
      expect(results.filter((result) => result.kind === 'done' && result.replayed)).toHaveLength(5);
      const versions = await Promise.all([a, b].map((stream) => stores[0]!.load(stream)));
      expect(versions.reduce((sum, { version }) => sum + version, 0)).toBe(1);
    }
  });
});

describe('one instance', () => {
  it('keeps batches of its own and single commands on one stream apart: no conflict costs a try', async () => {
    const stream = randomUUID();
    const pool = new GatedPool({ connectionString: db.url });
    const names: string[] = [];
    pool.gate = async (name) => void names.push(name);
    const store = new EventStore({ pool, schema: 'log' });
    await Promise.all([
      store.execute(count(stream)),
      store.executeAll([count(stream), count(stream)]),
      store.execute(count(stream)),
      store.executeAll([count(stream)]),
    ]);
    expect((await store.load(stream)).version).toBe(5);
    expect(names.filter((name) => name === 'log.append').length).toBeLessThanOrEqual(4);
    await pool.end();
  });

  it('with a pool of one connection gets everything done', async () => {
    const pool = db.pool({ max: 1 });
    const store = new EventStore({ pool, schema: 'log', prepare: async () => void (await pool.query('select 1')) });
    const many = streams(200);
    await Promise.all([
      ...many.map((stream) => store.execute(count(stream))),
      ...many.map((stream) => store.executeAll([count(stream), count(stream)])),
    ]);
    const [row] = await db.rows<{ sum: number }>(
      'select sum(version)::int as sum from log.stream_state where stream = any($1)',
      [many],
    );
    expect(row!.sum).toBe(600);
  });

  it('whose pool has no connection to give says so, and that it may be tried again', async () => {
    const pool = db.pool({ max: 1, connectionTimeoutMillis: 5_000 });
    const store = new EventStore({ pool, schema: 'log' });
    const taken = await pool.connect();
    const stream = randomUUID();
    await expect(store.execute(count(stream))).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    taken.release();
    expect(await store.execute(count(stream))).toMatchObject({ reply: 1 });
  });

  it('whose statement runs out of time says that nothing was written', async () => {
    const stream = randomUUID();
    const store = new EventStore({ pool: db.pool({ statement_timeout: 3_000 }), schema: 'log' });
    const blocker = await db.admin.connect();
    await blocker.query('begin; lock table log.event in access exclusive mode');
    await expect(store.execute(count(stream))).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await blocker.query('rollback');
    blocker.release();
    expect(await store.execute(count(stream))).toMatchObject({ reply: 1 });
  });
});

describe('a connection that breaks', () => {
  it('while the append is under way leaves its outcome open, and the key tells on the next try', async () => {
    const pool = new GatedPool({ connectionString: db.url, max: 2 });
    const store = new EventStore({ pool, schema: 'log' });
    const stream = randomUUID();
    const idempotency = { key: randomUUID(), requestDigest: Buffer.alloc(32) };
    const blocker = await db.admin.connect();
    await blocker.query('begin; lock table log.event in share mode');
    const failed = expect(store.execute(count(stream, { idempotency }))).rejects.toMatchObject({
      code: 'outcome-unknown',
      retryable: true,
    });
    const waiting = `pg_locks where relation = 'log.event'::regclass and not granted
      and database = (select oid from pg_database where datname = current_database())`;
    for (;;) {
      const ended = await db.rows(`select pg_terminate_backend(pid) from ${waiting}`);
      if (ended.length === 1) break;
    }
    await failed;
    await blocker.query('rollback');
    blocker.release();
    expect(await store.execute(count(stream, { idempotency }))).toMatchObject({ reply: 1, replayed: false });
    await pool.end();
  });
});

describe('batches of their own that come together', () => {
  it('share a transaction, and one whose effect fails does not fail the others', async () => {
    await db.admin.query(`create table log.filed (filing text primary key, line int not null check (line <= 10))`);
    await db.admin.query(`grant select, insert, update on log.filed to ${db.role}`);
    const pool = new GatedPool({ connectionString: db.url });
    const store = new EventStore({ pool, schema: 'log' });
    const appends: string[] = [];
    pool.gate = async (name) => {
      if (name === 'log.append') appends.push(name);
    };
    const file = (filing: string, line: number) => {
      const [stream] = streams(1) as [string];
      const filed = store.executeAll([count(stream)], (results) => [
        { name: 'filed', text: 'insert into log.filed values ($1, $2)', values: [filing, line + results.length] },
      ]);
      return { stream, filed };
    };
    const [first, second, third] = [file('a', 1), file('b', 2), file('c', 3)];
    await Promise.all([first.filed, second.filed, third.filed]);
    expect(appends).toHaveLength(1);
    expect(await db.rows('select filing, line from log.filed order by filing')).toEqual([
      { filing: 'a', line: 2 },
      { filing: 'b', line: 3 },
      { filing: 'c', line: 4 },
    ]);
    const [good, bad, other] = [file('d', 1), file('e', 10), file('f', 1)];
    const settled = await Promise.allSettled([good.filed, bad.filed, other.filed]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await Promise.all([good, bad, other].map(async ({ stream }) => (await store.load(stream)).version))).toEqual(
      [1, 0, 1],
    );
    await pool.end();
  });
});
