import { HEADER, partitionOf } from '@sluice/contracts';
import { uniquePrefix } from '@sluice/local-stack';
import { createRecordProducer, ensureTopics, headerOf, type KafkaConnection, PartitionPuller } from '@sluice/messaging';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { EventStore } from './event-store.js';
import { listHalted } from './halted-streams.js';
import { Relay } from './relay.js';
import { CONTEXT, count, event, LogDatabase, streams } from './testing/log-database.js';
import { Observed, until } from './testing/relays.js';

const PARTITIONS = 3;
const PARTITION_KEY = Buffer.from(HEADER.partitionKey);
/** The broker's limit in this test: below what the store takes. */
const MAX_BYTES = 100_000;

let db: LogDatabase;
let connection: KafkaConnection;
let topic: string;

beforeAll(async () => {
  db = await LogDatabase.create(inject('pgUrl'));
  connection = { ...inject('kafka'), clientId: 'relay-test' };
  topic = `${uniquePrefix()}events`;
  await ensureTopics(connection, [
    { topic, partitions: PARTITIONS, config: { 'max.message.bytes': String(MAX_BYTES) } },
  ]);
});
afterAll(() => db?.close());

it('reaches a real broker: every stream in order, and one too large for the broker halts its stream alone', async () => {
  const many = streams(40);
  const [bad] = many as [string];
  const store = new EventStore({ pool: db.pool(), schema: 'log' });
  const observed = new Observed();
  const relay = new Relay({
    connection: db.url,
    schema: 'log',
    source: '/test',
    route: () => ({ topic, partitions: PARTITIONS }),
    producer: createRecordProducer(connection),
    observe: observed,
  });
  relay.start();
  for (let round = 0; round < 10; round++) await store.executeAll(many.map((stream) => count(stream)));
  await store.execute({
    stream: bad,
    context: CONTEXT,
    decide: ({ state }) => ({
      kind: 'append',
      events: [event(Buffer.alloc(MAX_BYTES * 2, 'x'))],
      state: state!,
      reply: null,
    }),
  });
  for (let round = 0; round < 10; round++) await store.executeAll(many.map((stream) => count(stream)));
  const expected = (many.length - 1) * 20 + 10;
  await until(() => observed.count === expected);
  await until(async () => (await listHalted(db.pool(), 'log')).length === 1);
  expect(observed.halts).toEqual([{ stream: bad, reason: 'too-large' }]);
  await relay.stop();

  const puller = new PartitionPuller(connection);
  const values = new Map<string, string[]>();
  let received = 0;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let offset = 0n; ; ) {
      const [pulled] = await puller.pull([{ topic, partition, offset, maxBytes: 1 << 20 }], { maxWaitMs: 1000 });
      expect(pulled!.error).toBeUndefined();
      for (const record of pulled!.records) {
        const key = String(record.key);
        expect(partitionOf(record.key!, PARTITIONS)).toBe(partition);
        expect(String(headerOf(record, PARTITION_KEY))).toBe(key);
        values.set(key, [...(values.get(key) ?? []), String(record.value)]);
        received += 1;
      }
      offset = pulled!.nextOffset;
      if (offset >= pulled!.highWatermark) break;
    }
  }
  await puller.close();
  expect(received).toBe(expected);
  for (const [stream, numbers] of values) {
    const upTo = stream === bad ? 10 : 20;
    expect(numbers).toEqual(Array.from({ length: upTo }, (_, index) => String(index + 1)));
  }
});
