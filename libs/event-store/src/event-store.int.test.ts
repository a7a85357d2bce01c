import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { EventStore } from './event-store.js';
import { CONTEXT, count, event, LogDatabase, streams } from './testing/log-database.js';
import type { Command, SqlEffect } from './types.js';
import { UpcasterRegistry } from './upcaster-registry.js';

let db: LogDatabase;
let store: EventStore;
let appended = 0;

beforeAll(async () => {
  db = await LogDatabase.create(inject('pgUrl'));
  await db.admin.query(`create table log.progress (filing text primary key, line int not null check (line <= 100))`);
  await db.admin.query(`grant select, insert, update on log.progress to ${db.role}`);
  store = new EventStore({ pool: db.pool(), schema: 'log', maxEventBytes: 1000, onAppended: () => appended++ });
});
afterAll(async () => {
  await store.close();
  await db.close();
});

async function eventsOf(stream: string): Promise<{ version: number; text: string }[]> {
  return await db.rows(
    `select version, convert_from(payload, 'UTF8') as text from log.event where stream = $1 order by version`,
    [stream],
  );
}

describe('a command', () => {
  it('appends its events, stores the state and answers with the version', async () => {
    const stream = randomUUID();
    const before = appended;
    const result = await store.execute({
      stream,
      context: { actor: 'person:1', correlationId: 'ünicode', causationId: 'x', traceparent: '00-a-b-01' },
      decide: (current) => ({
        kind: 'append',
        events: [event('{"a":1}', 'sluice.test.a.v1'), event(Buffer.from([0, 255, 1]), 'sluice.test.b.v1')],
        state: Buffer.from([7, 0]),
        reply: { seen: current },
      }),
    });
    expect(result).toEqual({
      kind: 'done',
      reply: { seen: { version: 0, state: null } },
      version: 2,
      appended: true,
      replayed: false,
    });
    expect(await store.load(stream)).toEqual({ version: 2, state: Buffer.from([7, 0]) });
    expect(appended).toBe(before + 1);
    const stored = await store.readStream(stream);
    expect(stored).toMatchObject([
      { stream, version: 1, type: 'sluice.test.a.v1', payload: Buffer.from('{"a":1}') },
      { stream, version: 2, type: 'sluice.test.b.v1', payload: Buffer.from([0, 255, 1]) },
    ]);
    expect(stored[0]!.context).toEqual({
      actor: 'person:1',
      correlationId: 'ünicode',
      causationId: 'x',
      traceparent: '00-a-b-01',
    });
    expect(Date.now() - stored[0]!.recordedAt.getTime()).toBeLessThan(60_000);
    expect(await store.readStream(stream, 2)).toHaveLength(1);
  });

  it('stores nothing when it is refused, not even its idempotency key', async () => {
    const stream = randomUUID();
    const idempotency = { key: randomUUID(), requestDigest: Buffer.alloc(32) };
    const refusal = await store.execute<string>({
      stream,
      context: CONTEXT,
      idempotency,
      decide: () => ({ kind: 'nothing', reply: 'no' }),
    });
    expect(refusal).toEqual({ kind: 'done', reply: 'no', version: 0, appended: false, replayed: false });
    expect(await store.execute(count(stream, { idempotency }))).toMatchObject({ appended: true, reply: 1 });
  });

  it('is told when an event is too large, and nothing of it is stored', async () => {
    const stream = randomUUID();
    const decide: Command<null>['decide'] = () => ({
      kind: 'append',
      events: [event('{}'), event(Buffer.alloc(1001))],
      state: Buffer.alloc(0),
      reply: null,
    });
    expect(await store.execute({ stream, context: CONTEXT, decide })).toEqual({ kind: 'event-too-large' });
    expect(await store.load(stream)).toEqual({ version: 0, state: null });
  });

  it('that throws, or names no uuid, fails alone', async () => {
    const [bad, good] = streams(2) as [string, string];
    const oops = new Error('oops');
    const results = await Promise.allSettled([
      store.execute({
        stream: bad,
        context: CONTEXT,
        decide: () => {
          throw oops;
        },
      }),
      store.execute(count('not-a-uuid')),
      store.execute({
        stream: bad,
        context: CONTEXT,
        decide: () => ({ kind: 'append', events: [{ ...event(), eventId: 'x' }], state: Buffer.alloc(0), reply: 0 }),
      }),
      store.execute({
        stream: bad,
        context: CONTEXT,
        decide: () => ({ kind: 'append', events: [], state: Buffer.alloc(0), reply: 0 }),
      }),
      store.execute(count(good)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected', 'fulfilled']);
    expect((results[0] as PromiseRejectedResult).reason).toBe(oops);
    expect(await store.load(bad)).toEqual({ version: 0, state: null });
  });

  it('keeps a state of no bytes apart from no state', async () => {
    const stream = randomUUID();
    await store.execute({
      stream,
      context: CONTEXT,
      decide: () => ({ kind: 'append', events: [event()], state: Buffer.alloc(0), reply: 0 }),
    });
    expect(await store.load(stream)).toEqual({ version: 1, state: Buffer.alloc(0) });
  });
});

describe('concurrent commands', () => {
  it('share commits', async () => {
    const many = streams(300);
    await Promise.all(many.map((stream) => store.execute(count(stream))));
    const [row] = await db.rows<{ commits: number; events: number }>(
      `select count(distinct xid)::int as commits, count(*)::int as events from log.event where stream = any($1)`,
      [many],
    );
    expect(row!.events).toBe(300);
    expect(row!.commits).toBeLessThanOrEqual(3);
  });

  it('on one stream each see the state that the one before left', async () => {
    const stream = randomUUID();
    const results = await Promise.all(Array.from({ length: 50 }, () => store.execute(count(stream))));
    expect(results.map((result) => result.kind === 'done' && result.reply)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
    expect((await eventsOf(stream)).map(({ version, text }) => `${version}:${text}`)).toEqual(
      Array.from({ length: 50 }, (_, index) => `${index + 1}:${index + 1}`),
    );
  });

  it('are taken in several statements when they are large', async () => {
    const roomy = new EventStore({ pool: db.pool(), schema: 'log' });
    const many = streams(40);
    const payload = Buffer.alloc(250 * 1024, 'x');
    await Promise.all(
      many.map((stream) =>
        roomy.execute({
          stream,
          context: CONTEXT,
          decide: () => ({ kind: 'append', events: [event(payload)], state: Buffer.alloc(0), reply: 0 }),
        }),
      ),
    );
    await roomy.close();
    const rows = await db.rows<{ bytes: number }>(
      `select sum(length(payload))::int as bytes from log.event where stream = any($1) group by xid`,
      [many],
    );
    expect(rows.length).toBeGreaterThanOrEqual(3);
    for (const { bytes } of rows) expect(bytes).toBeLessThan(5 * 1024 * 1024);
  });
});

describe('an idempotency key', () => {
  const digest = (text: string): Buffer => Buffer.alloc(32, text);

  it('gives the stored answer to a repeat, and refuses another request', async () => {
    const stream = randomUUID();
    const key = randomUUID();
    const first = await store.execute(count(stream, { idempotency: { key, requestDigest: digest('a') } }));
    await store.execute(count(stream));
    const again = await store.execute(count(stream, { idempotency: { key, requestDigest: digest('a') } }));
    expect(first).toEqual({ kind: 'done', reply: 1, version: 1, appended: true, replayed: false });
    expect(again).toEqual({ kind: 'done', reply: 1, version: 1, appended: false, replayed: true });
    const other = await store.execute(count(stream, { idempotency: { key, requestDigest: digest('b') } }));
    expect(other).toEqual({ kind: 'idempotency-mismatch' });
    expect((await store.load(stream)).version).toBe(2);
  });

  it('holds within a batch', async () => {
    const [a, b] = streams(2) as [string, string];
    const key = randomUUID();
    const results = await store.executeAll([
      count(a, { idempotency: { key, requestDigest: digest('a') } }),
      count(a, { idempotency: { key, requestDigest: digest('a') } }),
      count(b, { idempotency: { key, requestDigest: digest('b') } }),
    ]);
    expect(results).toMatchObject([
      { kind: 'done', reply: 1, replayed: false },
      { kind: 'done', reply: 1, replayed: true },
      { kind: 'idempotency-mismatch' },
    ]);
  });

  it('is stored as a digest only', async () => {
    const key = `secret-${randomUUID()}`;
    await store.execute(count(randomUUID(), { idempotency: { key, requestDigest: digest('a') } }));
    const rows = await db.rows<{ key: Buffer }>('select key from log.idempotency');
    expect(rows.every((row) => row.key.length === 32 && !row.key.includes(key))).toBe(true);
  });
});

describe('a batch', () => {
  const advance = (filing: string, line: number): SqlEffect => ({
    name: 'advance',
    text: `insert into log.progress values ($1, $2) on conflict (filing) do update set line = excluded.line`,
    values: [filing, line],
  });

  it('answers every command in order, chains repeated streams and commits the effects of the whole with them', async () => {
    const [a, b] = streams(2) as [string, string];
    const filing = randomUUID();
    const before = appended;
    const results = await store.executeAll([count(b), count(a), count(b), count(b)], (answers) => {
      expect(answers).toHaveLength(4);
      return [advance(filing, answers.length)];
    });
    expect(results.map((result) => result.kind === 'done' && [result.reply, result.version])).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(await store.load(b)).toEqual({ version: 3, state: Buffer.from('3') });
    expect(await db.rows('select line from log.progress where filing = $1', [filing])).toEqual([{ line: 4 }]);
    expect(appended).toBe(before + 1);
    const transactions = await db.rows('select distinct xid from log.event where stream = any($1)', [[a, b]]);
    expect(transactions).toHaveLength(1);
  });

  it('stores nothing at all when a command throws or an effect of the whole fails', async () => {
    const many = streams(3);
    const commands = many.map((stream) => count(stream));
    const thrower = {
      ...count(randomUUID()),
      decide: (): never => {
        throw new Error('oops');
      },
    };
    await expect(store.executeAll([...commands, thrower])).rejects.toThrow('oops');
    await expect(store.executeAll(commands, () => [advance('f', 101)])).rejects.toMatchObject({
      code: 'rejected',
      cause: { constraint: 'progress_line_check' },
    });
    for (const stream of many) expect((await store.load(stream)).version).toBe(0);
  });

  it('of nothing is fine', async () => {
    expect(await store.executeAll([])).toEqual([]);
    const filing = randomUUID();
    await store.executeAll([], () => [advance(filing, 1)]);
    expect(await db.rows('select from log.progress where filing = $1', [filing])).toHaveLength(1);
  });
});

describe('reading a stream', () => {
  it('brings events to the newest version of their type', async () => {
    const upcasters = new UpcasterRegistry();
    upcasters.register('sluice.test.named.v1', 'sluice.test.named.v2', (payload) => {
      const { name } = JSON.parse(payload.toString()) as { name: string };
      return Buffer.from(JSON.stringify({ names: [name] }));
    });
    const reader = new EventStore({ pool: db.pool(), schema: 'log', upcasters });
    const stream = randomUUID();
    await reader.execute({
      stream,
      context: CONTEXT,
      decide: () => ({
        kind: 'append',
        events: [event('{"name":"a"}', 'sluice.test.named.v1'), event('{"names":["b"]}', 'sluice.test.named.v2')],
        state: Buffer.alloc(0),
        reply: 0,
      }),
    });
    const events = await reader.readStream(stream);
    expect(events.map(({ type, payload }) => [type, payload.toString()])).toEqual([
      ['sluice.test.named.v2', '{"names":["a"]}'],
      ['sluice.test.named.v2', '{"names":["b"]}'],
    ]);
  });
});

describe('a stream as of a past time', () => {
  const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms);

  /** Events recorded at these times, given in microseconds after the turn of the year. */
  async function recorded(...micros: number[]): Promise<string> {
    const stream = randomUUID();
    for (const [index, time] of micros.entries()) {
      await store.execute(count(stream));
      await db.admin.query(
        `update log.event set recorded_at = '2026-01-01Z'::timestamptz + $3 * interval '1 microsecond'
          where stream = $1 and version = $2`,
        [stream, index + 1, time],
      );
    }
    return stream;
  }
  const versionsAsOf = async (stream: string, ms: number) =>
    (await store.readStreamAsOf(stream, at(ms))).map(({ version }) => version);

  it('holds an event from the millisecond on in which everybody sees it recorded', async () => {
    const stream = await recorded(1_000, 7_999, 8_000);
    expect(await versionsAsOf(stream, 0)).toEqual([]);
    expect(await versionsAsOf(stream, 1)).toEqual([1]);
    expect(await versionsAsOf(stream, 6)).toEqual([1]);
    expect(await versionsAsOf(stream, 7)).toEqual([1, 2]);
    expect(await versionsAsOf(stream, 8)).toEqual([1, 2, 3]);
  });

  it('shows no event without those before it, though the clock was set back', async () => {
    const stream = await recorded(1_000, 9_000, 4_000);
    expect(await versionsAsOf(stream, 5)).toEqual([1]);
    expect(await versionsAsOf(stream, 9)).toEqual([1, 2, 3]);
  });

  it('is nothing where there is no stream', async () => {
    expect(await versionsAsOf(randomUUID(), 9)).toEqual([]);
  });
});

describe('a closed store', () => {
  it('answers what it took and takes no more', async () => {
    const closing = new EventStore({ pool: db.pool(), schema: 'log' });
    const stream = randomUUID();
    const taken = [closing.execute(count(stream)), closing.execute(count(stream))];
    await closing.close();
    expect(await Promise.all(taken)).toMatchObject([{ reply: 1 }, { reply: 2 }]);
    await expect(closing.execute(count(stream))).rejects.toMatchObject({ code: 'closed', retryable: false });
  });
});
