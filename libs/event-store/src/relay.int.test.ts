import { randomUUID } from 'node:crypto';
import { partitionOf } from '@sluice/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { EventStore } from './event-store.js';
import { listHalted, releaseHalted } from './halted-streams.js';
import type { Relay } from './relay.js';
import { RelaySession } from './relay-session.js';
import { CONTEXT, count, event, LogDatabase, streams } from './testing/log-database.js';
import { RecordedTopics, RecordingProducer } from './testing/recording-producer.js';
import { createRelay, type TestRelay, until } from './testing/relays.js';
import type { EventContext, NewEvent } from './types.js';

let db: LogDatabase;
let store: EventStore;
let producer: RecordingProducer;
let started: Relay[] = [];

beforeAll(async () => {
  db = await LogDatabase.create(inject('pgUrl'));
  store = new EventStore({
    pool: db.pool(),
    schema: 'log',
    onAppended: () => {
      for (const relay of started) relay.nudge();
    },
  });
});
afterAll(() => db.close());

beforeEach(() => {
  producer = new RecordingProducer();
});
afterEach(async () => {
  await Promise.all(started.map((relay) => relay.stop()));
  started = [];
  await db.admin.query('truncate log.event, log.stream_state, log.relay_halted');
});

function start(from = producer): TestRelay {
  const test = createRelay(db, from);
  started.push(test.relay);
  test.relay.start();
  return test;
}

async function append(stream: string, events: NewEvent[], context: EventContext = CONTEXT): Promise<void> {
  await store.execute({
    stream,
    context,
    decide: () => ({ kind: 'append', events, state: Buffer.alloc(0), reply: null }),
  });
}

/** Values of a stream as they were received, without repeats. */
function valuesOf(stream: string, topics = producer.topics): string[] {
  return topics
    .accepted()
    .filter(({ key }) => key === stream)
    .map(({ value }) => value);
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('a record', () => {
  it("is a CloudEvent in binary mode, on its stream's partition", async () => {
    const stream = randomUUID();
    const eventId = randomUUID();
    start();
    await append(stream, [event('first')]);
    await append(
      stream,
      [{ type: 'sluice.test.named.v2', contentType: 'application/x', payload: Buffer.from('läßt'), eventId }],
      { actor: 'person:1', correlationId: 'c-ü', causationId: 'e-1', traceparent: '00-a-b-01' },
    );
    await until(() => producer.topics.records.length === 2);
    const [first, second] = producer.topics.records as [
      (typeof producer.topics.records)[0],
      (typeof producer.topics.records)[0],
    ];
    const [row] = await db.rows<{ at: Date; log: string }>(
      `select recorded_at as at, xid || '.' || position as log from log.event where event_id = $1`,
      [eventId],
    );
    expect(second).toEqual({
      topic: 'events',
      partition: partitionOf(Buffer.from(stream), 3),
      key: stream,
      value: 'läßt',
      headers: {
        'content-type': 'application/x',
        ce_specversion: '1.0',
        ce_id: eventId,
        ce_source: '/test',
        ce_type: 'sluice.test.named.v2',
        ce_time: row!.at.toISOString(),
        ce_partitionkey: stream,
        ce_sequence: '2',
        ce_logposition: row!.log,
        ce_actor: 'person:1',
        ce_correlationid: 'c-ü',
        ce_causationid: 'e-1',
        traceparent: '00-a-b-01',
      },
    });
    expect(first.headers).toMatchObject({ ce_sequence: '1', ce_correlationid: 'c-1' });
    expect(Object.keys(first.headers)).not.toContain('traceparent');
  });

  it('of every event comes, in order, from more than one read', async () => {
    const many = streams(50);
    for (let round = 1; round <= 100; round++) await store.executeAll(many.map((stream) => count(stream)));
    const { observed } = start();
    await until(() => observed.count === 5000);
    expect(producer.sends).toBeGreaterThanOrEqual(3);
    expect(producer.topics.records).toHaveLength(5000);
    for (const stream of many) expect(valuesOf(stream)).toEqual(numbers(1, 100));
  });

  it('of large events come in reads of few bytes', async () => {
    const sizes: number[] = [];
    producer.before = (records) => void sizes.push(records.reduce((sum, { value }) => sum + value.length, 0));
    for (const stream of streams(5)) {
      await append(
        stream,
        Array.from({ length: 8 }, () => event(Buffer.alloc(250 * 1024, 'x'))),
      );
    }
    const { observed } = start();
    await until(() => observed.count === 40);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(4 * 1024 * 1024);
  });
});

describe('with transactions that overlap', () => {
  /** A transaction of a writer outside the store, held open as long as the test wants. */
  async function openWriter(stream: string): Promise<{ commit(): Promise<void> }> {
    const client = await db.admin.connect();
    await client.query('begin');
    await client.query(
      `insert into log.event (stream, version, type, event_id, content_type, context, payload)
       values ($1, 1, 'sluice.test.counted.v1', gen_random_uuid(), 'text/plain', '{"actor":"a","correlationId":"c"}', 'slow')`,
      [stream],
    );
    return {
      commit: async () => {
        await client.query('commit');
        client.release();
      },
    };
  }

  it('what a slow writer commits late is not skipped, and nothing later is published before it', async () => {
    const [slow, quick] = streams(2) as [string, string];
    const { observed, relay } = start();
    await until(() => relay.state === 'leading');
    const writer = await openWriter(slow);
    for (let index = 0; index < 5; index++) await store.execute(count(quick));
    await until(() => observed.fenceMs > 100);
    expect(producer.topics.records).toEqual([]);
    await writer.commit();
    await until(() => observed.count === 6);
    expect(producer.topics.records.map(({ value }) => value)).toEqual(['slow', ...numbers(1, 5)]);
    await until(() => observed.fenceMs === 0);
  });

  it('a writer that gives up holds nothing back for ever', async () => {
    const [slow, quick] = streams(2) as [string, string];
    const { observed, relay } = start();
    await until(() => relay.state === 'leading');
    const client = await db.admin.connect();
    await client.query('begin');
    await client.query('select pg_current_xact_id()');
    await store.execute(count(quick));
    await until(() => observed.fenceMs > 50);
    await client.query('rollback');
    client.release();
    await until(() => observed.count === 1);
    expect(valuesOf(slow)).toEqual([]);
    expect(valuesOf(quick)).toEqual(['1']);
  });

  it('many writers and a relay at once: each stream complete and in order, by what was published', async () => {
    const stores = [1, 2, 3].map(() => new EventStore({ pool: db.pool(), schema: 'log' }));
    const shared = streams(12);
    const { observed } = start();
    await Promise.all(
      stores.flatMap((writer, index) =>
        Array.from({ length: 4 }, async (_, caller) => {
          for (let round = 0; round < 25; round++) {
            const own = shared[index * 4 + caller]!;
            await writer.execute(count(own));
            if (round % 5 === 0) await writer.executeAll([count(own), count(own)]);
          }
        }),
      ),
    );
    await until(() => observed.count === 12 * 35);
    for (const stream of shared) expect(valuesOf(stream)).toEqual(numbers(1, 35));
  });
});

describe('trouble with Kafka', () => {
  it('is waited out; what was not stored is sent again, in order', async () => {
    const many = streams(30);
    let failing = true;
    producer.before = (records, send) => {
      if (!failing) return;
      if (send % 2 === 1) throw new Error('broker away');
      // Half of it was stored.
      const unsent = records.slice(records.length / 2);
      for (const record of records.slice(0, records.length / 2)) producer.topics.store(record);
      failing = records.length > 20;
      throw Object.assign(new Error('broker away'), { unsent });
    };
    const { observed } = start();
    await store.executeAll(many.flatMap((stream) => [count(stream), count(stream)]));
    await until(() => observed.count === 60);
    expect(observed.failures.length).toBeGreaterThanOrEqual(2);
    expect(producer.topics.records).toHaveLength(60);
    for (const stream of many) expect(valuesOf(stream)).toEqual(['1', '2']);
  });
});

describe('a crash', () => {
  it('between the append and the relay loses nothing', async () => {
    const stream = randomUUID();
    await store.execute(count(stream));
    await store.execute(count(stream));
    const { observed } = start();
    await until(() => observed.count === 2);
    expect(valuesOf(stream)).toEqual(['1', '2']);
  });

  it('between the sending and the cursor makes repeats that consumers can tell', async () => {
    const many = streams(20);
    const first = start();
    await until(() => first.relay.state === 'leading');
    producer.before = async (records) => {
      producer.before = undefined;
      for (const record of records) producer.topics.store(record);
      // The relay's session ends here, before it has stored how far it came.
      await db.admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sluice relay log' and datname = current_database()`,
      );
      throw new Error('no answer');
    };
    await store.executeAll(many.map((stream) => count(stream)));
    await until(() => first.observed.count === 20);
    await store.executeAll(many.map((stream) => count(stream)));
    await until(() => first.observed.count === 40);
    expect(producer.topics.records.length).toBeGreaterThan(40);
    expect(producer.topics.accepted()).toHaveLength(40);
    for (const stream of many) expect(valuesOf(stream)).toEqual(['1', '2']);
  });

  it('never takes the cursor back', async () => {
    const session = await RelaySession.open(db.url, 'log');
    const far = { xid: 1_000_000, position: 7 };
    await session.advance(far, []);
    for (const near of [
      { xid: 999_999, position: 9 },
      { xid: 1_000_000, position: 6 },
    ])
      await session.advance(near, []);
    expect(await session.cursor()).toEqual(far);
    await session.close();
    await db.admin.query(`update log.relay_cursor set xid = '0', position = 0`);
  });
});

describe('a stream whose event cannot be published', () => {
  const poison = (record: { value: Buffer }): string | undefined =>
    String(record.value) === 'poison' ? 'too-large' : undefined;

  it('halts alone; later events are held, others pass, and a release publishes them late and in order', async () => {
    const [bad, good] = streams(2) as [string, string];
    producer.refuses = poison;
    const { observed, relay } = start();
    await append(bad, [event('1'), event('poison'), event('3')]);
    await append(bad, [event('4')]);
    await append(good, [event('1'), event('2')]);
    await until(() => observed.count === 3);
    expect(observed.halts).toEqual([{ stream: bad, reason: 'too-large' }]);
    await append(bad, [event('5')]);
    await append(good, [event('3')]);
    await until(() => valuesOf(good).length === 3);
    expect(valuesOf(bad)).toEqual(['1']);
    const pool = db.pool();
    const [halted, ...others] = await listHalted(pool, 'log');
    expect(others).toEqual([]);
    expect(halted).toMatchObject({ stream: bad, reason: 'too-large', releasing: false });

    // Refused again: it stays where it is.
    expect(await releaseHalted(pool, 'log', bad)).toBe(true);
    await until(() => observed.halts.length === 2);
    await until(async () => (await listHalted(pool, 'log'))[0]?.releasing === false);
    expect(valuesOf(bad)).toEqual(['1']);

    producer.refuses = undefined;
    await releaseHalted(pool, 'log', bad);
    await append(bad, [event('6')]);
    await until(() => valuesOf(bad).length === 6);
    await append(bad, [event('7')]);
    await until(() => valuesOf(bad).length === 7);
    expect(valuesOf(bad)).toEqual(['1', 'poison', '3', '4', '5', '6', '7']);
    const late = producer.topics.records.filter(({ headers }) => headers.ce_late === '1');
    expect(late.map(({ value }) => value)).toEqual(expect.arrayContaining(['poison', '3', '4', '5']));
    expect(await listHalted(pool, 'log')).toEqual([]);
    expect(await releaseHalted(pool, 'log', bad)).toBe(false);
    expect(relay.state).toBe('leading');
  });

  it('is still halted under the next leader', async () => {
    const [bad, good] = streams(2) as [string, string];
    producer.refuses = poison;
    const first = start();
    await append(bad, [event('poison'), event('2')]);
    await until(() => first.observed.halts.length === 1);
    await until(async () => (await listHalted(db.pool(), 'log')).length === 1);
    await first.relay.stop();
    const next = new RecordingProducer(producer.topics);
    const second = start(next);
    await append(bad, [event('3')]);
    await append(good, [event('1')]);
    await until(() => second.observed.count === 1);
    expect(producer.topics.records.map(({ key }) => key)).toEqual([good]);
    await releaseHalted(db.pool(), 'log', bad);
    await until(() => valuesOf(bad).length === 3);
    expect(valuesOf(bad)).toEqual(['poison', '2', '3']);
  });

  it('halts when no topic takes its type', async () => {
    const [bad, good] = streams(2) as [string, string];
    const { observed } = start();
    await append(bad, [event('1'), event('2', 'sluice.test.unroutable.v1'), event('3')]);
    await append(good, [event('1', 'sluice.access.read.v1')]);
    await until(() => observed.count === 2);
    expect(observed.halts).toEqual([{ stream: bad, reason: 'no-topic-for-this-type' }]);
    expect(valuesOf(bad)).toEqual(['1']);
    expect(producer.topics.records.find(({ key }) => key === good)?.topic).toBe('access');
  });

  it('halts when something else wrote it, without the context that this store always writes', async () => {
    const stream = randomUUID();
    await db.admin.query(
      `insert into log.event (stream, version, type, event_id, content_type, context, payload)
       values ($1, 1, 'sluice.test.counted.v1', gen_random_uuid(), 'text/plain', '{"actor":"a"}', '')`,
      [stream],
    );
    const { observed } = start();
    await until(() => observed.halts.length === 1);
    expect(observed.halts).toEqual([{ stream, reason: 'invalid-context' }]);
  });

  it('is released in several reads when much was held', async () => {
    const bad = randomUUID();
    producer.refuses = poison;
    const { observed } = start();
    await append(bad, [event('poison')]);
    await until(() => observed.halts.length === 1);
    await append(
      bad,
      Array.from({ length: 4500 }, (_, index) => event(String(index))),
    );
    producer.refuses = undefined;
    await releaseHalted(db.pool(), 'log', bad);
    await until(() => valuesOf(bad).length === 4501);
    expect(valuesOf(bad)).toEqual(['poison', ...numbers(0, 4499)]);
  });
});

describe('a stop', () => {
  it('lets the batch in flight end, closes the producer and frees the leadership', async () => {
    const stream = randomUUID();
    let release: (() => void) | undefined;
    producer.before = () => new Promise((resolve) => (release = resolve));
    const { relay } = start();
    await store.execute(count(stream));
    await until(() => release !== undefined);
    const stopping = relay.stop();
    release!();
    await stopping;
    expect(relay.state).toBe('stopped');
    expect(producer.closed).toBe(true);
    const next = new RecordingProducer(new RecordedTopics());
    const second = start(next);
    await until(() => second.relay.state === 'leading');
    await store.execute(count(stream));
    await until(() => next.topics.records.length === 1);
    expect(next.topics.records[0]!.value).toBe('2');
  });

  it('before the database was ever reached is no trouble', async () => {
    const { relay, observed } = createRelay(db, producer, 'postgres://nobody@127.0.0.1:1/none');
    relay.start();
    await until(() => observed.failures.length > 0);
    await relay.stop();
    expect(relay.state).toBe('stopped');
  });
});
