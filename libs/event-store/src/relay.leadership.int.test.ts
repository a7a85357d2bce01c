import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest';
import { EventStore } from './event-store.js';
import { RelaySession } from './relay-session.js';
import { count, LogDatabase, streams } from './testing/log-database.js';
import { PausingProxy } from './testing/pausing-proxy.js';
import { RecordedTopics, RecordingProducer } from './testing/recording-producer.js';
import { createRelay, until } from './testing/relays.js';

let db: LogDatabase;
let store: EventStore;
let topics: RecordedTopics;

beforeEach(async () => {
  db = await LogDatabase.create(inject('pgUrl'));
  store = new EventStore({ pool: db.pool(), schema: 'log' });
  topics = new RecordedTopics();
  return () => db.close();
});

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

function start(producer: RecordingProducer, connection?: string) {
  const test = createRelay(db, producer, connection);
  ended.push(() => test.relay.stop());
  test.relay.start();
  return test;
}

async function countAll(many: string[]): Promise<void> {
  await store.executeAll(many.map((stream) => count(stream)));
}

function expectInOrder(many: string[], upTo: number): void {
  const accepted = topics.accepted();
  expect(accepted).toHaveLength(many.length * upTo);
  for (const stream of many) {
    const values = accepted.filter(({ key }) => key === stream).map(({ value }) => Number(value));
    expect(values).toEqual(Array.from({ length: upTo }, (_, index) => index + 1));
  }
}

it('of several relays one leads; when it stops, another takes over where it was', async () => {
  const many = streams(20);
  const tests = [1, 2, 3].map(() => start(new RecordingProducer(topics)));
  const leading = () => tests.filter(({ relay }) => relay.state === 'leading');
  for (let round = 1; round <= 3; round++) {
    await until(() => leading().length === 1);
    await countAll(many);
    await until(() => topics.records.length === many.length * round);
    expect(leading()).toHaveLength(1);
    await leading()[0]!.relay.stop();
  }
  expectInOrder(many, 3);
  expect(topics.records).toHaveLength(many.length * 3);
});

it('a leader that is paused loses the leadership; what it still sends when it wakes are repeats, and it stands by', async () => {
  const many = streams(20);
  const { proxy, url } = await PausingProxy.to(db.url);
  ended.push(() => proxy.close());
  const sleepy = new RecordingProducer(topics);
  const first = start(sleepy, url);
  await until(() => first.relay.state === 'leading');
  const second = start(new RecordingProducer(topics));
  await countAll(many);
  await until(() => first.observed.count === many.length);

  // It falls asleep with a batch in its hands: read, but not sent.
  const asleep = Promise.withResolvers<void>();
  const awake = Promise.withResolvers<void>();
  sleepy.before = async () => {
    sleepy.before = undefined;
    asleep.resolve();
    await awake.promise;
  };
  await countAll(many);
  await asleep.promise;
  proxy.pause();
  // After five seconds; a busy machine may take as long again.
  await until(() => second.relay.state === 'leading', 15_000);
  await countAll(many);
  await until(() => second.observed.count === many.length * 2);

  // It wakes while the other leads: first it sends what it holds, then it learns that it is no leader any more.
  const held = topics.records.length;
  awake.resolve();
  await until(() => topics.records.length > held);
  proxy.resume();
  await until(() => first.relay.state === 'standby');
  await countAll(many);
  await until(() => second.observed.count === many.length * 3);
  expectInOrder(many, 4);
  expect(second.relay.state).toBe('leading');
  await second.relay.stop();
  await until(() => first.relay.state === 'leading');
});

it('a relay that stands by tells the one that leads of what was appended beside it, together where much comes at once', async () => {
  const leader = await RelaySession.open(db.url, db.schema);
  ended.push(() => leader.close());
  expect(await leader.tryToLead()).toBe(true);
  let heard = 0;
  await leader.listen(() => heard++);

  const { relay } = start(new RecordingProducer(topics));
  let nudges = 0;
  const begun = performance.now();
  while (performance.now() - begun < 300) {
    relay.nudge();
    nudges += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => heard > 0);
  const most = Math.ceil((performance.now() - begun) / 10) + 1;
  expect(heard).toBeLessThanOrEqual(most);
  expect(nudges).toBeGreaterThan(most);
  const told = heard;
  relay.nudge();
  await until(() => heard > told);
});

it('a leader publishes what it is told of without looking first', async () => {
  const { relay, observed } = start(new RecordingProducer(topics));
  await until(() => relay.state === 'leading');
  const looks = vi.spyOn(RelaySession.prototype, 'look');
  looks.mockResolvedValue({ ready: false, fenceAgeMs: 0, releases: false });
  ended.push(async () => looks.mockRestore());
  const other = await RelaySession.open(db.url, db.schema);
  ended.push(() => other.close());
  await until(() => looks.mock.calls.length > 0);
  await countAll(streams(1));
  const before = looks.mock.calls.length;
  await until(() => looks.mock.calls.length > before + 1);
  expect(observed.count).toBe(0);
  await until(async () => {
    await other.announce();
    return observed.count === 1;
  });
});

it('a leader that waits for Kafka longer than an idle session may live stays the leader', async () => {
  const many = streams(3);
  const producer = new RecordingProducer(topics);
  const { relay, observed } = start(producer);
  await until(() => relay.state === 'leading');
  producer.before = async () => {
    producer.before = undefined;
    await new Promise((resolve) => setTimeout(resolve, 7_000));
  };
  await countAll(many);
  await until(() => observed.count === 3);
  expect(observed.failures).toEqual([]);
  expect(producer.sends).toBe(1);
});
