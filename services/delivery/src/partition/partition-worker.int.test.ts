import { randomUUID } from 'node:crypto';
import { GRANT_FENCE_APPLIED, TOPICS } from '@sluice/contracts';
import { MessagingError } from '@sluice/messaging';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommittedBatch, Dispatcher } from '../dispatch/dispatcher.js';
import { PartitionLost } from '../ledger/partition-lost.js';
import { DeliveryWorld, type Received, subjectIn } from '../testing/delivery-world.js';
import { PartitionWorker, type WorkerContext } from './partition-worker.js';

let world: DeliveryWorld;
beforeAll(async () => {
  world = await DeliveryWorld.start();
});
afterAll(() => world.close());

/** Runs a worker until `done` answers true; what it throws comes out. */
async function work(lane: number, done: () => Promise<boolean>, part: Partial<WorkerContext> = {}): Promise<void> {
  const puller = world.newPuller();
  const stop = new AbortController();
  const running = untilItFails(() =>
    new PartitionWorker(lane, puller, { ...world.workerContext(), ...part }).run(stop.signal),
  );
  const watched = (async () => {
    const deadline = Date.now() + 60_000;
    while (!(await done())) {
      if (Date.now() > deadline) throw new Error('the worker did not get there in time');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  try {
    await Promise.race([watched, running]);
  } finally {
    stop.abort();
    await running.catch(() => {});
    await puller.close();
  }
}

/** What passes by itself (a broker that is slow to answer, a topic just made) is begun again, as by a worker's host. */
async function untilItFails(run: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof MessagingError) && !/will try again|does not exist/.test(String(error))) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const phones = (received: Received[]) => received.map((one) => one.data.attributes?.mobilePhone).filter(Boolean);
const newAgency = () => `bank-${randomUUID().slice(0, 8)}`;
const committedBatches = async (lane: number) =>
  Number((await world.pool.query('select count(*) from delivery.batch where partition = $1', [lane])).rows[0].count);

async function feedHas(agency: string, lane: number, count: number): Promise<boolean> {
  try {
    return (await world.received(agency, lane)).length >= count;
  } catch (error) {
    if (String(error).includes('gap')) throw error;
    return false; // the feed does not exist yet
  }
}

test('a crash between the ledger commit and the dispatch: the next owner sends the same bytes', async () => {
  const lane = 0;
  const agency = newAgency();
  const subject = subjectIn(lane);
  await world.accredit(agency, ['mobilePhone']);
  await world.grant(subject, agency, ['mobilePhone']);
  await work(lane, () => feedHas(agency, lane, 1));
  const before = await committedBatches(lane);

  class CrashBeforeDispatch extends Dispatcher {
    override async dispatch(): Promise<void> {
      throw new Error('killed here');
    }
  }
  await world.change(subject, { mobilePhone: '+8613900000001' });
  const crashing = { dispatcher: new CrashBeforeDispatch(world.producer) };
  await expect(work(lane, async () => false, crashing)).rejects.toThrow('killed here');
  expect(await committedBatches(lane)).toBe(before + 1);
  expect(phones(await world.received(agency, lane))).toEqual([]);

  await work(lane, () => feedHas(agency, lane, 2));
  expect(phones(await world.received(agency, lane))).toEqual(['+8613900000001']);
  expect(await committedBatches(lane)).toBe(before + 1);
});

test('a crash between the dispatch and its bookkeeping: the block comes twice with equal bytes, and counts once', async () => {
  const lane = 1;
  const agency = newAgency();
  const subject = subjectIn(lane);
  await world.accredit(agency, ['mobilePhone']);
  await world.grant(subject, agency, ['mobilePhone']);
  await work(lane, () => feedHas(agency, lane, 1));

  class CrashAfterDispatch extends Dispatcher {
    override async dispatch(batch: CommittedBatch): Promise<void> {
      await super.dispatch(batch);
      throw new Error('killed here');
    }
  }
  await world.change(subject, { mobilePhone: '+8613900000002' });
  const crashing = { dispatcher: new CrashAfterDispatch(world.producer) };
  await expect(work(lane, async () => false, crashing)).rejects.toThrow('killed here');
  await world.change(subject, { mobilePhone: '+8613900000003' });
  await work(lane, () => feedHas(agency, lane, 3));

  expect(phones(await world.received(agency, lane))).toEqual(['+8613900000002', '+8613900000003']);
  const blocks = await world.blocks(agency, lane);
  expect(blocks).toHaveLength(4);
  expect(blocks[1]!.value.equals(blocks[2]!.value)).toBe(true);
});

test('a worker that lost its partition changes nothing', async () => {
  const lane = 2;
  const agency = newAgency();
  const subject = subjectIn(lane);
  await world.accredit(agency, ['mobilePhone']);
  await world.grant(subject, agency, ['mobilePhone']);
  await work(lane, () => feedHas(agency, lane, 1));

  const { store } = world.workerContext();
  const mine = await store.acquire(lane);
  await store.acquire(lane);
  const effects = { state: { ...mine, registryOffset: 999n }, subjects: new Map(), parked: [], settled: [] };
  await expect(store.commit(effects)).rejects.toThrow(PartitionLost);
  const { rows } = await world.pool.query('select registry_offset from delivery.partition where partition = $1', [
    lane,
  ]);
  expect(rows[0].registry_offset).not.toBe('999');
});

test('a stop that was published after a backlog of changes still wins over all of it', async () => {
  const lane = 3;
  const agency = newAgency();
  const [stopped, going] = [subjectIn(lane), subjectIn(lane)];
  await world.accredit(agency, ['mobilePhone']);
  const grant = await world.grant(stopped, agency, ['mobilePhone']);
  await world.grant(going, agency, ['mobilePhone']);
  await work(lane, () => feedHas(agency, lane, 2));

  const backlog = [];
  for (let i = 0; i < 3_000; i++) {
    backlog.push(await world.changeRecord(i % 2 ? stopped : going, { mobilePhone: `+86139${10_000_000 + i}` }));
  }
  await world.producer.send(backlog);
  await world.stop(stopped, grant, agency, ['mobilePhone']);
  await work(lane, () => feedHas(agency, lane, 2 + 1 + 1_500));

  const received = await world.received(agency, lane);
  const alias = world.pairwise.toPairwise(agency, stopped);
  expect(received.filter((one) => one.subject === alias).map((one) => one.type)).toEqual([
    'sluice.feed.snapshot.v1',
    'sluice.feed.grant-stopped.v1',
  ]);
  expect(received).toHaveLength(2 + 1 + 1_500);
});

test('the fence names the sequence of the stop’s notice', async () => {
  const lane = 4;
  const agency = newAgency();
  const subject = subjectIn(lane);
  await world.accredit(agency, ['mobilePhone']);
  const grant = await world.grant(subject, agency, ['mobilePhone']);
  await world.change(subject, { mobilePhone: '+8613900000004' });
  await work(lane, () => feedHas(agency, lane, 2));
  await world.stop(subject, grant, agency, ['mobilePhone']);
  await work(lane, () => feedHas(agency, lane, 3));

  const puller = world.newPuller();
  const want = { topic: TOPICS.fences.name, partition: lane, offset: 0n, maxBytes: 1 << 20 };
  const [answer] = await puller.pull([want], { maxWaitMs: 1_000 });
  await puller.close();
  const fences = answer!.records.map((record) => ({
    type: record.headers.find(([name]) => name.toString() === 'ce_type')?.[1].toString(),
    data: JSON.parse(record.value.toString()),
  }));
  expect(fences).toContainEqual({
    type: GRANT_FENCE_APPLIED,
    data: { grant, subject, agency, grantVersion: 3, lane, sequence: 3 },
  });
});

test('what a relay publishes twice is decided once', async () => {
  const lane = 5;
  const agency = newAgency();
  const subject = subjectIn(lane);
  await world.accredit(agency, ['mobilePhone']);
  await world.grant(subject, agency, ['mobilePhone']);
  const first = await world.changeRecord(subject, { mobilePhone: '+8613900000005' });
  const second = await world.changeRecord(subject, { mobilePhone: '+8613900000006' });
  await world.producer.send([first, second]);
  await world.producer.send([first, second]);
  await world.change(subject, { mobilePhone: '+8613900000007' });
  await work(lane, () => feedHas(agency, lane, 4));
  expect(phones(await world.received(agency, lane))).toEqual(['+8613900000005', '+8613900000006', '+8613900000007']);
});

test('a change whose seal is broken is parked, later ones of its person wait, others and stops go on', async () => {
  const lane = 0;
  const agency = newAgency();
  const [broken, fine] = [subjectIn(lane), subjectIn(lane)];
  await world.accredit(agency, ['mobilePhone']);
  const grant = await world.grant(broken, agency, ['mobilePhone']);
  await world.grant(fine, agency, ['mobilePhone']);
  await work(lane, () => feedHas(agency, lane, 2));

  const bad = await world.changeRecord(broken, { mobilePhone: '+8613900000008' });
  bad.value[bad.value.length - 1]! ^= 1;
  await world.producer.send([bad]);
  await world.change(broken, { mobilePhone: '+8613900000009' });
  await world.change(fine, { mobilePhone: '+8613900000010' });
  await work(lane, () => feedHas(agency, lane, 3));
  const { rows } = await world.pool.query(
    'select reason from delivery.parked where subject = $1 order by registry_offset',
    [broken],
  );
  expect(rows.map((row) => row.reason)).toEqual(['seal-broken', 'seal-broken']);

  await world.stop(broken, grant, agency, ['mobilePhone']);
  await work(lane, () => feedHas(agency, lane, 4));
  expect((await world.received(agency, lane)).at(-1)?.type).toBe('sluice.feed.grant-stopped.v1');
});

test('parked changes that an operator sends again are decided under today’s grants, in order', async () => {
  const lane = 1;
  const agency = newAgency();
  const subject = subjectIn(lane);
  await world.accredit(agency, ['mobilePhone']);
  await world.grant(subject, agency, ['mobilePhone']);
  await work(lane, () => feedHas(agency, lane, 1));
  const change = await world.changeRecord(subject, { mobilePhone: '+8613900000011' });
  await world.producer.send([change]);
  await world.pool.query(
    `insert into delivery.parked (partition, registry_offset, subject, reason)
     select $1, registry_offset, $2, 'held by the test' from delivery.partition where partition = $1`,
    [lane, subject],
  );
  await world.change(subject, { mobilePhone: '+8613900000012' });
  const parkedCount = async () =>
    Number(
      (await world.pool.query('select count(*) from delivery.parked where subject = $1', [subject])).rows[0].count,
    );
  await work(lane, async () => (await parkedCount()) === 2);
  await world.pool.query(`update delivery.parked set settlement = 'retry' where subject = $1`, [subject]);
  await work(lane, () => feedHas(agency, lane, 3));
  expect(phones(await world.received(agency, lane))).toEqual(['+8613900000011', '+8613900000012']);
  expect(await parkedCount()).toBe(0);
});

test('while audit does not record nothing is decided or dispatched, and then everything is, in order', async () => {
  const lane = 5;
  const agency = newAgency();
  const subject = subjectIn(lane);
  await world.accredit(agency, ['mobilePhone']);
  await world.grant(subject, agency, ['mobilePhone']);
  await work(lane, () => feedHas(agency, lane, 1));
  const before = await committedBatches(lane);
  const gate = { isOpen: false, whenOpen: async () => await new Promise<void>((resolve) => setTimeout(resolve, 20)) };
  const sent = ['+8613900000021', '+8613900000022'];
  for (const mobilePhone of sent) await world.change(subject, { mobilePhone });
  let looks = 0;
  const opensLate = async () => {
    if (!gate.isOpen) expect(await committedBatches(lane)).toBe(before);
    if (++looks === 50) gate.isOpen = true;
    return gate.isOpen && feedHas(agency, lane, 1 + sent.length);
  };
  await work(lane, opensLate, { gate });
  expect(phones(await world.received(agency, lane)).slice(-2)).toEqual(sent);
});
