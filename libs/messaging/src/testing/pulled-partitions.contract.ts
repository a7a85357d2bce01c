import { encodeHeaders } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OutgoingRecord, RecordProducer } from '../produce/record-producer.js';
import { PublishRefused } from '../produce/send-call.js';
import type { PartitionPuller, Pulled, PullWant } from '../pull/partition-puller.js';

export interface PulledPartitions {
  producer: RecordProducer;
  puller: Pick<PartitionPuller, 'pull' | 'close'>;
  /** Makes a topic that takes batches up to 1 MiB; resolves its name. */
  makeTopic(partitions: number): Promise<string>;
  tearDown(): Promise<void>;
}

const MAX_BYTES = 1024 * 1024;

/** What delivery and audit rely on, whichever client is beneath. */
export function pulledPartitionsContract(name: string, setUp: () => Promise<PulledPartitions>): void {
  describe(`pulled partitions: ${name}`, () => {
    let under: PulledPartitions;
    beforeAll(async () => {
      under = await setUp();
    });
    afterAll(() => under.tearDown());

    test('records come back as they were sent', async () => {
      const topic = await under.makeTopic(1);
      const before = BigInt(Date.now());
      await under.producer.send([
        { ...record(topic, 0, 'with text headers'), key: Buffer.from('k'), headers: { ce_type: 'a', ce_name: '王' } },
        {
          ...record(topic, 0, 'with bytes'),
          key: null,
          headers: encodeHeaders([[Buffer.from('h'), Buffer.from([0, 255])]]),
        },
        { ...record(topic, 0, ''), headers: {} },
      ]);
      const pulled = await pullOne(under, want(topic, 0, 0n));
      expect(pulled).toMatchObject({ topic, partition: 0, highWatermark: 3n, logStart: 0n, nextOffset: 3n });
      expect(pulled.error).toBeUndefined();
      expect(pulled.records.map(({ offset }) => offset)).toEqual([0n, 1n, 2n]);
      expect(pulled.records.map(({ key }) => key)).toEqual([Buffer.from('k'), null, Buffer.from('key')]);
      expect(texts(pulled)).toEqual(['with text headers', 'with bytes', '']);
      expect(pulled.records[0]!.headers.map((pair) => pair.map(String))).toEqual([
        ['ce_type', 'a'],
        ['ce_name', '王'],
      ]);
      expect(pulled.records[1]!.headers).toEqual([[Buffer.from('h'), Buffer.from([0, 255])]]);
      expect(pulled.records[2]!.headers).toEqual([]);
      for (const { timestamp } of pulled.records) expect(timestamp).toBeGreaterThanOrEqual(before);
    });

    test('one answer carries several topics, each with its own high watermark', async () => {
      const [changes, stops] = [await under.makeTopic(3), await under.makeTopic(1)];
      await under.producer.send([
        record(changes, 2, 'c0'),
        record(stops, 0, 's0'),
        record(changes, 2, 'c1'),
        record(changes, 1, 'elsewhere'),
      ]);
      const pulled = await under.puller.pull([want(changes, 2, 1n), want(stops, 0, 0n), want(changes, 0, 0n)], {
        maxWaitMs: 100,
      });
      expect(pulled.map(({ topic, partition }) => [topic, partition])).toEqual([
        [changes, 2],
        [stops, 0],
        [changes, 0],
      ]);
      expect(pulled.map(texts)).toEqual([['c1'], ['s0'], []]);
      expect(pulled.map(({ highWatermark }) => highWatermark)).toEqual([2n, 1n, 0n]);
    });

    test('concurrent sends keep the order within a partition', async () => {
      const topic = await under.makeTopic(2);
      const sends = Array.from({ length: 200 }, (_, index) =>
        under.producer.send([record(topic, index % 2, `${index}a`), record(topic, index % 2, `${index}b`)]),
      );
      await Promise.all(sends);
      for (const partition of [0, 1]) {
        const expected = Array.from({ length: 200 }, (_, index) => index).filter((index) => index % 2 === partition);
        const pulled = await pullAll(under, topic, partition);
        expect(pulled).toEqual(expected.flatMap((index) => [`${index}a`, `${index}b`]));
      }
    });

    test('a pull of nothing new waits as long as asked, and a new record ends the wait', async () => {
      const topic = await under.makeTopic(1);
      await under.puller.pull([want(topic, 0, 0n)], { maxWaitMs: 1 });
      const began = performance.now();
      const empty = await under.puller.pull([want(topic, 0, 0n)], { maxWaitMs: 300 });
      expect(performance.now() - began).toBeGreaterThan(250);
      expect(empty[0]).toMatchObject({ records: [], highWatermark: 0n, nextOffset: 0n });
      const waiting = under.puller.pull([want(topic, 0, 0n)], { maxWaitMs: 8_000 });
      const sent = performance.now();
      await under.producer.send([record(topic, 0, 'news')]);
      expect(texts((await waiting)[0]!)).toEqual(['news']);
      expect(performance.now() - sent).toBeLessThan(7_000);
    });

    test('a pull may begin inside a batch', async () => {
      const topic = await under.makeTopic(1);
      await under.producer.send(Array.from({ length: 10 }, (_, index) => record(topic, 0, String(index))));
      const pulled = await pullOne(under, want(topic, 0, 7n));
      expect(texts(pulled)).toEqual(['7', '8', '9']);
      expect(pulled.records[0]!.offset).toBe(7n);
    });

    test('blocks of 256 KiB pass, and a small limit cuts between batches without losing any', async () => {
      const topic = await under.makeTopic(1);
      const block = Buffer.alloc(256 * 1024, 'x');
      await under.producer.send(
        Array.from({ length: 20 }, (_, index) => ({
          ...record(topic, 0, ''),
          key: Buffer.from([index]),
          value: block,
        })),
      );
      const seen: number[] = [];
      let offset = 0n;
      for (let pulls = 0; seen.length < 20 && pulls < 40; pulls++) {
        const pulled = await pullOne(under, { ...want(topic, 0, offset), maxBytes: 1000 });
        for (const { key, value } of pulled.records) {
          seen.push(key![0]!);
          expect(value.length).toBe(block.length);
        }
        offset = pulled.nextOffset;
      }
      expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index));
    });

    test('a later want is served although its limit is smaller than its first batch', async () => {
      const [first, second] = [await under.makeTopic(1), await under.makeTopic(1)];
      await under.producer.send([record(first, 0, 'a'), { ...record(second, 0, ''), value: Buffer.alloc(500_000) }]);
      const pulled = await under.puller.pull([want(first, 0, 0n), { ...want(second, 0, 0n), maxBytes: 1000 }], {
        maxWaitMs: 100,
      });
      expect(pulled.map(({ records }) => records.length)).toEqual([1, 1]);
    });

    test('errors belong to one want and leave the others alone', async () => {
      const topic = await under.makeTopic(1);
      await under.producer.send([record(topic, 0, 'a')]);
      const pulled = await under.puller.pull(
        [want(topic, 0, 0n), want(topic, 0 + 5, 0n), want(`${topic}-absent`, 0, 0n)],
        { maxWaitMs: 100 },
      );
      expect(pulled.map(({ error }) => error)).toEqual([undefined, 'unknown-topic', 'unknown-topic']);
      expect(texts(pulled[0]!)).toEqual(['a']);
      expect(await pullOne(under, want(topic, 0, 99n))).toMatchObject({ error: 'out-of-range', records: [] });
    });

    test('a record that is too large is named, and what waited behind it can follow in order', async () => {
      const topic = await under.makeTopic(2);
      const tooLarge = { ...record(topic, 0, ''), value: Buffer.alloc(1_200_000) };
      const behind = [record(topic, 0, 'c'), record(topic, 0, 'd')];
      const first = under.producer.send([
        record(topic, 0, 'a'),
        record(topic, 1, 'other partition'),
        record(topic, 0, 'b'),
        tooLarge,
        behind[0]!,
      ]);
      const second = under.producer.send([behind[1]!]);
      const refused = await first.catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(PublishRefused);
      expect((refused as PublishRefused).refused).toEqual([{ record: tooLarge, reason: 'too-large' }]);
      expect((refused as PublishRefused).unsent).toEqual([behind[0]]);
      await expect(second).rejects.toMatchObject({ code: 'held-back', unsent: [behind[1]] });
      await under.producer.send(behind);
      expect(await pullAll(under, topic, 0)).toEqual(['a', 'b', 'c', 'd']);
      expect(await pullAll(under, topic, 1)).toEqual(['other partition']);
    });

    test('a topic that does not exist fails its own records only', async () => {
      const topic = await under.makeTopic(1);
      const absent = under.producer.send([record(`${topic}-absent`, 0, 'x')]);
      await under.producer.send([record(topic, 0, 'a')]);
      await expect(absent).rejects.toMatchObject({ name: 'PublishFailed', code: 'unknown-topic' });
      await expect(under.producer.send([record(topic, 7, 'x')])).rejects.toMatchObject({ code: 'unknown-topic' });
      expect(await pullAll(under, topic, 0)).toEqual(['a']);
    });
  });
}

export function record(topic: string, partition: number, text: string): OutgoingRecord {
  return { topic, partition, key: Buffer.from('key'), value: Buffer.from(text), headers: {} };
}

export function want(topic: string, partition: number, offset: bigint): PullWant {
  return { topic, partition, offset, maxBytes: MAX_BYTES };
}

export function texts(pulled: Pulled): string[] {
  return pulled.records.map(({ value }) => value.toString());
}

async function pullOne({ puller }: PulledPartitions, wanted: PullWant): Promise<Pulled> {
  const [pulled] = await puller.pull([wanted], { maxWaitMs: 200 });
  return pulled!;
}

/** All texts from the start to the high watermark. */
async function pullAll(under: PulledPartitions, topic: string, partition: number): Promise<string[]> {
  const all: string[] = [];
  for (let offset = 0n; ; ) {
    const pulled = await pullOne(under, want(topic, partition, offset));
    all.push(...texts(pulled));
    offset = pulled.nextOffset;
    if (offset >= pulled.highWatermark) return all;
  }
}
