import { LANES } from '@sluice/contracts';
import {
  createRecordProducer,
  endOffsets,
  ensureTopics,
  type KafkaConnection,
  PartitionPuller,
} from '@sluice/messaging';
import type { Bench } from '../bench.js';
import type { Figure } from './scenario.js';

const TOPIC = 'bench.raw';
const RECORDS = 500;
const RECORD_BYTES = 600;
const IN_FLIGHT = 3;
const PULL_BYTES = 1024 * 1024;

/** Durable production of records without a key or headers, and reading them back. */
export async function rawKafka({ stack }: Bench, seconds: number): Promise<Figure[]> {
  const connection: KafkaConnection = { brokers: stack.kafka.internal, ...stack.kafka.admin, clientId: 'bench' };
  // The broker removes what no run will read again; segments are small so that it can.
  const config = { 'retention.ms': '600000', 'segment.bytes': '67108864' };
  await ensureTopics(connection, [{ topic: TOPIC, partitions: LANES, config }]);
  const from = await endOffsets(connection, TOPIC);
  const produced = await produce(connection, seconds);
  const to = await endOffsets(connection, TOPIC);
  const consumed = await consume(connection, from, to);
  return [
    { what: `records of ${RECORD_BYTES} bytes produced`, value: produced, unit: '/s' },
    { what: 'records consumed', value: consumed, unit: '/s' },
  ];
}

async function produce(connection: KafkaConnection, seconds: number): Promise<number> {
  const producer = createRecordProducer(connection);
  const value = Buffer.alloc(RECORD_BYTES, 'x');
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1_000;
  let records = 0;
  const send = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      const batch = Array.from({ length: RECORDS }, (_, i) => ({
        topic: TOPIC,
        partition: i % LANES,
        key: null,
        value,
        headers: {},
      }));
      await producer.send(batch);
      records += RECORDS;
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, send));
    return (records * 1_000) / (performance.now() - startedAt);
  } finally {
    await producer.close();
  }
}

async function consume(connection: KafkaConnection, from: bigint[], to: bigint[]): Promise<number> {
  const puller = new PartitionPuller(connection);
  const at = [...from];
  const startedAt = performance.now();
  let records = 0;
  try {
    while (at.some((offset, lane) => offset < to[lane]!)) {
      const wants = at.map((offset, partition) => ({ topic: TOPIC, partition, offset, maxBytes: PULL_BYTES }));
      for (const { partition, records: pulled, nextOffset } of await puller.pull(wants, { maxWaitMs: 100 })) {
        records += pulled.length;
        at[partition] = nextOffset;
      }
    }
    return (records * 1_000) / (performance.now() - startedAt);
  } finally {
    await puller.close();
  }
}
