import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { KafkaConnection } from './connection.js';
import { PartitionGroup } from './partition-group.js';
import { PartitionPuller } from './partition-puller.js';
import { createRecordProducer } from './queued-producer.js';
import { type OwnBroker, startOwnBroker } from './testing/own-broker.js';
import { record, texts, want } from './testing/pulled-partitions.contract.js';
import { ensureTopics } from './topics.js';

let own: OwnBroker;
let connection: KafkaConnection;

beforeAll(async () => {
  own = await startOwnBroker();
  connection = { ...own.connection, clientId: 'test' };
});
afterAll(() => own?.stop());

test('kill -9 of the broker, twice: nothing lost, repeated or out of order, neither sent nor pulled', async () => {
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
    const restarted = performance.now();
    while (sent[0]!.length < before + 200) await sleep(20);
    console.log(`traffic again ${Math.round(performance.now() - restarted)} ms after the restart`);
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
}, 120_000);

test('a broker that hangs is waited for: what was on its way is stored once', async () => {
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
  const [pulled] = await puller.pull([want(topic, 0, 0n)], { maxWaitMs: 500 });
  expect(texts(pulled!)).toEqual(['0', '1', '2', '3']);
  await producer.close();
  await puller.close();
}, 60_000);

test('a group outlives its broker: every partition has one owner again', async () => {
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
  await vi.waitFor(settled, { timeout: 10_000, interval: 50 });

  await own.broker.kill();
  await vi.waitFor(() => expect(owners.size).toBe(0), { timeout: 15_000, interval: 50 }); // nobody vouches for them
  await own.broker.start();
  await vi.waitFor(settled, { timeout: 20_000, interval: 50 });
  expect(owners.size).toBe(4);
  expect(violations).toEqual([]);
  await Promise.all(members.map((member) => member.stop()));
}, 60_000);
