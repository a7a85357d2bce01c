import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import type { KafkaConnection } from './connection.js';
import { PartitionGroup } from './group/partition-group.js';
import { createRecordProducer } from './produce/queued-producer.js';
import { PartitionPuller } from './pull/partition-puller.js';
import { kafkaShape } from './testing/kafka-shape.js';
import { type OwnBroker, startOwnBroker } from './testing/own-broker.js';
import { record, texts, want } from './testing/pulled-partitions.contract.js';
import { ensureTopics } from './topics.js';

/** A broker's start is a matter of seconds, or of many on a busy machine. */
const RESTARTS_TAKE_MS = 240_000;

let own: OwnBroker;
let connection: KafkaConnection;

beforeAll(async () => {
  own = await startOwnBroker();
  connection = { ...own.connection, clientId: 'test' };
});
afterAll(() => own?.stop());

test(
  'kill -9 of the broker, twice: nothing lost, repeated or out of order, neither sent nor pulled',
  async () => {
    const topic = 'restart.produce';
    await ensureTopics(connection, [{ topic, partitions: 3 }]);
    const producer = createRecordProducer(connection);
    const sent: string[][] = [[], [], []];
    let stop = false;
    let failures = 0;
    const send = async (partition: number) => {
      while (!stop) {
        // Two calls at a time: the second is on its way, or waits, when the first is retried.
        const calls = [0, 1].map(() => {
          const batch = Array.from({ length: 20 }, (_, index) => `${sent[partition]!.length + index}`);
          sent[partition]!.push(...batch);
          return producer.send(batch.map((text) => record(topic, partition, text)));
        });
        await Promise.all(calls).catch(() => failures++);
        await sleep(2);
      }
    };
    const pulled: string[][] = [[], [], []];
    const puller = new PartitionPuller(connection);
    const pull = async () => {
      const offsets = [0n, 0n, 0n];
      for (;;) {
        const answers = await puller.pull(
          offsets.map((offset, partition) => want(topic, partition, offset)),
          { maxWaitMs: 50 },
        );
        for (const answer of answers) {
          pulled[answer.partition]!.push(...texts(answer));
          offsets[answer.partition] = answer.nextOffset;
        }
        if (stop && answers.every(({ error, records }) => error === undefined && records.length === 0)) return;
      }
    };
    const senders = [send(0), send(1), send(2)];
    const pulling = pull();
    for (let kill = 0; kill < 2; kill++) {
      await sleep(1_000);
      const before = sent[0]!.length;
      await own.broker.kill();
      await sleep(500);
      await own.broker.start();
      while (sent[0]!.length < before + 200) await sleep(20);
    }
    stop = true;
    await Promise.all(senders);
    await producer.close();
    await pulling;
    await puller.close();
    expect(failures).toBe(0);
    for (const partition of [0, 1, 2]) {
      expect(pulled[partition]!.length).toBe(sent[partition]!.length);
      expect(pulled[partition]).toEqual(sent[partition]);
    }
  },
  RESTARTS_TAKE_MS,
);

test(
  'a broker that hangs is waited for: what was on its way is stored once',
  async () => {
    const topic = 'restart.hang';
    await ensureTopics(connection, [{ topic, partitions: 1 }]);
    const producer = createRecordProducer(connection);
    await producer.send([record(topic, 0, '0')]);
    own.broker.pause();
    const sends = ['1', '2', '3'].map((text) => producer.send([record(topic, 0, text)]));
    await sleep(12_000); // longer than a request's timeout: it goes out again over a new connection
    own.broker.resume();
    await Promise.all(sends);
    const puller = new PartitionPuller(connection);
    // A broker that missed its heartbeats may be without its partitions for a moment: `retry`, until it has them again.
    const pulled = await vi.waitFor(
      async () => {
        const [answer] = await puller.pull([want(topic, 0, 0n)], { maxWaitMs: 500 });
        expect(answer!.error).toBeUndefined();
        return answer!;
      },
      { timeout: 60_000, interval: 20 },
    );
    expect(texts(pulled)).toEqual(['0', '1', '2', '3']);
    await producer.close();
    await puller.close();
  },
  RESTARTS_TAKE_MS,
);

test(
  'a group outlives its broker: every partition has one owner again',
  async () => {
    const topic = 'restart.group';
    await ensureTopics(connection, [{ topic, partitions: 4 }]);
    const owners = new Map<number, string>();
    const violations: string[] = [];
    const members = ['a', 'b'].map(
      (member) =>
        new PartitionGroup({
          connection,
          groupId: 'restart.group',
          topics: [topic],
          own: async (partition, signal) => {
            if (owners.has(partition)) violations.push(`${partition} has ${owners.get(partition)} and ${member}`);
            owners.set(partition, member);
            if (!signal.aborted) await once(signal, 'abort');
            owners.delete(partition);
          },
        }),
    );
    for (const member of members) member.start();
    const settled = () => expect(members.map(({ owned }) => owned.length)).toEqual([2, 2]);
    await vi.waitFor(settled, { timeout: 90_000, interval: 50 });

    await own.broker.kill();
    await vi.waitFor(() => expect(owners.size).toBe(0), { timeout: 90_000, interval: 50 }); // nobody vouches for them
    await own.broker.start();
    await vi.waitFor(settled, { timeout: 60_000, interval: 50 });
    expect(owners.size).toBe(4);
    expect(violations).toEqual([]);
    await Promise.all(members.map((member) => member.stop()));
  },
  RESTARTS_TAKE_MS,
);

test(
  'pushed events outlive their broker: every event is handled, in order',
  async () => {
    const warnings: string[] = [];
    const note = (warning: Error) => warnings.push(warning.name);
    process.on('warning', note);
    const shape = await kafkaShape(connection, inject('pgUrl'));
    const topic = await shape.makeTopic(1);
    const event = (n: number) => ({ topic, partition: 0, key: 'k', type: 'test.changed.v1', data: n });
    const seen: number[] = [];
    const member = await shape.run(shape.freshGroup(), [topic], {
      on: { 'test.changed.v1': (incoming) => seen.push(incoming.json<number>()) },
    });
    await shape.publish([event(1), event(2)]);
    await vi.waitFor(() => expect(seen).toEqual([1, 2]), { timeout: 90_000 });
    await own.broker.kill();
    await own.broker.start();
    await shape.publish([event(3), event(4)]);
    await vi.waitFor(() => expect(seen.at(-1)).toBe(4), { timeout: 90_000 });
    // At least once: an uncommitted one may come again, but in order.
    expect([...new Set(seen)]).toEqual([1, 2, 3, 4]);
    await member.stop();
    await shape.tearDown();
    process.off('warning', note);
    expect(warnings.filter((name) => name === 'TimeoutNegativeWarning')).toEqual([]);
  },
  RESTARTS_TAKE_MS,
);
