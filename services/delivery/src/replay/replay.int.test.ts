import { randomUUID } from 'node:crypto';
import { decodeLedgerBatch, type ReplayExtent } from '@sluice/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommittedBatch, Dispatcher } from '../dispatch/dispatcher.js';
import { PLAN_WAITS_AT_MOST_MS } from '../domain/replay-plan.js';
import { PartitionLost } from '../ledger/partition-lost.js';
import { SourceLost } from '../partition/batch-reader.js';
import { DeliveryWorld, type Received, subjectIn } from '../testing/delivery-world.js';
import { WorkerAtWork } from '../testing/worker-at-work.js';
import { ReplayParts } from './replay-parts.js';

let world: DeliveryWorld;
beforeAll(async () => {
  world = await DeliveryWorld.start();
});
afterAll(() => world.close());

const newAgency = () => `bank-${randomUUID().slice(0, 8)}`;
const phoneOf = (received: Received) => received.data.attributes?.mobilePhone;
const replayedPhones = (received: Received[], replay: string) =>
  received.filter((one) => one.replay === replay).map(phoneOf);

async function progress(replay: string) {
  const { rows } = await world.pool.query(
    `select r.state, sum(l.delivered)::int as delivered, sum(l.refused)::int as refused, sum(l.skipped)::int as skipped
     from delivery.replay r left join delivery.replay_lane l on l.replay = r.id where r.id = $1 group by r.state`,
    [replay],
  );
  return rows[0];
}

async function done(replay: string) {
  await expect.poll(async () => (await progress(replay)).state).toBe('done');
  return progress(replay);
}

/** A lane with a recipient and the phones that a person changed to, all delivered. */
async function delivered(lane: number, phones: string[], work: WorkerAtWork) {
  const agency = newAgency();
  const subject = subjectIn(lane);
  await world.accredit(agency, ['mobilePhone', 'email']);
  const grant = await world.grant(subject, agency, ['mobilePhone', 'email']);
  for (const mobilePhone of phones) await world.change(subject, { mobilePhone });
  await work.untilFeedHas(agency, lane, 1 + phones.length);
  return { agency, subject, grant };
}

const range = (lane: number, from: number, to: number): ReplayExtent => ({ kind: 'range', lane, from, to });

test('a range of a lane is sent again at the next sequences, marked, with the times of the originals', async () => {
  await using work = WorkerAtWork.on(world, 0);
  const { agency } = await delivered(0, ['+8613900000001', '+8613900000002'], work);
  const replay = await world.runReplay(agency, range(0, 2, 3));
  expect(await done(replay)).toMatchObject({ delivered: 2, refused: 0, skipped: 0 });

  const received = await world.received(agency, 0);
  expect(received).toHaveLength(5);
  expect(received.slice(3).map(({ sequence }) => sequence)).toEqual([4, 5]);
  expect(replayedPhones(received, replay)).toEqual(['+8613900000001', '+8613900000002']);
  expect(received.slice(3).map(({ time, type }) => [time, type])).toEqual(
    received.slice(1, 3).map(({ time, type }) => [time, type]),
  );
  expect(received.slice(0, 3).map((one) => one.replay)).toEqual([undefined, undefined, undefined]);
});

test('a grant that was withdrawn after the approval: no value goes out, and the refusals are in the ledger', async () => {
  await using work = WorkerAtWork.on(world, 1);
  const { agency, subject, grant } = await delivered(1, ['+8613900000011', '+8613900000012'], work);
  const replay = await world.approvedReplay(agency, range(1, 1, 3));
  await world.stop(subject, grant, agency, ['mobilePhone', 'email']);
  await world.moveReplay(replay, 'run');
  expect(await done(replay)).toMatchObject({ delivered: 0, refused: 3 });

  const received = await world.received(agency, 1);
  expect(received.filter((one) => one.replay !== undefined)).toEqual([]);
  const decisions = await ledgerDecisions(1, replay);
  expect(decisions.map(({ outcome }) => outcome)).toEqual(Array(3).fill('no-longer-granted'));
});

async function ledgerDecisions(lane: number, replay: string) {
  const { rows } = await world.pool.query('select content from delivery.batch where partition = $1 order by sequence', [
    lane,
  ]);
  return rows
    .map(({ content }) => decodeLedgerBatch(content))
    .flatMap((batch) => batch.decisions.filter(({ source }) => batch.sources[source]!.replay === replay));
}

test('all entitled data: each person’s present values, the latest only, whatever older events said', async () => {
  await using work = WorkerAtWork.on(world, 2);
  const { agency, subject } = await delivered(2, ['+8613900000021', '+8613900000022'], work);
  await world.change(subject, { email: 'old@example.com' });
  await world.change(subject, { email: 'new@example.com' });
  await work.untilFeedHas(agency, 2, 5);
  await work.stop();
  const every = WorkerAtWork.onAll(world);
  const replay = await world.runReplay(agency, { kind: 'entitled' });
  expect(await done(replay)).toMatchObject({ delivered: 2, refused: 0, skipped: 0 });
  await Promise.all(every.map((one) => one.stop()));
  const replayed = (await world.received(agency, 2)).filter((one) => one.replay === replay);
  expect(replayed.map((one) => one.data.attributes)).toEqual([
    { mobilePhone: '+8613900000022' },
    { email: 'new@example.com' },
  ]);
});

test('killed between the ledger and the dispatch, in the middle: the next owner sends the same, nothing twice, nothing left out', async () => {
  const lane = 3;
  const phones = Array.from({ length: 60 }, (_, i) => `+86139000003${String(i).padStart(2, '0')}`);
  const work = WorkerAtWork.on(world, lane);
  const { agency } = await delivered(lane, phones, work);
  await work.stop();

  let batches = 0;
  class DiesAtEveryThird extends Dispatcher {
    override async dispatch(batch: CommittedBatch): Promise<void> {
      batches += 1;
      if (batches % 3 === 0) throw new Error('killed before the dispatch');
      await super.dispatch(batch);
      if (batches % 3 === 1) throw new Error('killed after the dispatch');
    }
  }
  await using dying = WorkerAtWork.on(world, lane, { dispatcher: new DiesAtEveryThird(world.producer) });
  const replay = await world.runReplay(agency, range(lane, 2, 61), 100);
  await done(replay);
  expect(dying.deaths.length).toBeGreaterThan(2);
  await expect.poll(async () => replayedPhones(await world.received(agency, lane), replay)).toEqual(phones);
});

test('a withdrawal that is published between the reading of an old event and its decision wins', async () => {
  const lane = 4;
  const first = WorkerAtWork.on(world, lane);
  const { agency, subject, grant } = await delivered(lane, ['+8613900000041', '+8613900000042'], first);
  await first.stop();
  class StopsMeanwhile extends ReplayParts {
    override async deliveries(...asked: Parameters<ReplayParts['deliveries']>) {
      const found = await super.deliveries(...asked);
      await world.stop(subject, grant, agency, ['mobilePhone', 'email']);
      return found;
    }
  }
  await using _ = WorkerAtWork.on(world, lane, { replayParts: new StopsMeanwhile(world.pool) });
  const replay = await world.runReplay(agency, range(lane, 1, 3));
  expect(await done(replay)).toMatchObject({ delivered: 0, refused: 3 });
  expect((await world.received(agency, lane)).filter((one) => one.replay !== undefined)).toEqual([]);
});

test('changes that wait go first, however many', async () => {
  const lane = 5;
  const work = WorkerAtWork.on(world, lane);
  const { agency, subject } = await delivered(lane, ['+8613900000051', '+8613900000052'], work);
  await work.stop();
  const backlog = [];
  for (let i = 0; i < 3_000; i++) {
    backlog.push(await world.changeRecord(subject, { mobilePhone: `+86139${10_000_000 + i}` }));
  }
  await world.producer.send(backlog);
  const replay = await world.runReplay(agency, range(lane, 2, 3), 5_000);
  await using _ = WorkerAtWork.on(world, lane);
  expect(await done(replay)).toMatchObject({ delivered: 2 });
  const received = await world.received(agency, lane);
  expect(received).toHaveLength(3 + 3_000 + 2);
  expect(replayedPhones(received.slice(-2), replay)).toEqual(['+8613900000051', '+8613900000052']);
});

test('a paused replay sends nothing, and goes on where it stood', async () => {
  const lane = 0;
  const phones = Array.from({ length: 40 }, (_, i) => `+86139000006${String(i).padStart(2, '0')}`);
  await using work = WorkerAtWork.on(world, lane);
  const { agency } = await delivered(lane, phones, work);
  const replay = await world.runReplay(agency, range(lane, 2, 41), 8);
  const sent = async () => replayedPhones(await world.received(agency, lane), replay).length;
  await expect.poll(sent).toBeGreaterThan(0);
  await world.moveReplay(replay, 'pause');
  // A change that comes later than the pause, so that the worker has looked: what follows it is decided after the pause.
  let changes = 0;
  const settled = async () => {
    const before = await sent();
    await world.change(subjectIn(lane), { mobilePhone: `+86137${10_000_000 + changes++}` });
    await new Promise((resolve) => setTimeout(resolve, 500));
    return before === (await sent());
  };
  await expect.poll(settled).toBe(true);
  expect(await sent()).toBeLessThan(40);
  expect((await progress(replay)).state).toBe('paused');
  await world.moveReplay(replay, 'resume');
  await done(replay);
  expect(replayedPhones(await world.received(agency, lane), replay)).toEqual(phones);
});

test('what is sent again of a stop is its notice; no fence is set a second time', async () => {
  const lane = 1;
  await using work = WorkerAtWork.on(world, lane);
  const { agency, subject, grant } = await delivered(lane, [], work);
  await world.stop(subject, grant, agency, ['mobilePhone', 'email']);
  await work.untilFeedHas(agency, lane, 2);
  const replay = await world.runReplay(agency, range(lane, 2, 2));
  expect(await done(replay)).toMatchObject({ delivered: 1, refused: 0 });
  const notices = (await world.received(agency, lane)).filter(({ type }) => type === 'sluice.feed.grant-stopped.v1');
  expect(notices.map((notice) => notice.replay)).toEqual([undefined, replay]);
  expect((await world.fences(lane)).filter((fence) => fence.grant === grant)).toHaveLength(1);
});

test('present values that cannot be opened, or wait behind parked ones, are skipped and counted', async () => {
  const lane = 2;
  const work = WorkerAtWork.on(world, lane);
  const { agency, subject } = await delivered(lane, ['+8613900000071'], work);
  const fine = subjectIn(lane);
  await world.grant(fine, agency, ['mobilePhone']);
  await world.change(fine, { mobilePhone: '+8613900000072' });
  const bad = await world.changeRecord(subject, { email: 'broken@example.com' });
  bad.value[bad.value.length - 1]! ^= 1;
  await world.producer.send([bad]);
  const parked = async () =>
    (await world.pool.query('select count(*)::int as n from delivery.parked where subject = $1', [subject])).rows[0].n;
  await expect.poll(parked).toBe(1);
  await work.stop();

  const every = WorkerAtWork.onAll(world);
  const waiting = await world.runReplay(agency, { kind: 'entitled' });
  expect(await done(waiting)).toMatchObject({ delivered: 1, refused: 0, skipped: 2 });
  await world.pool.query(`update delivery.parked set settlement = 'discard' where subject = $1`, [subject]);
  await expect.poll(parked).toBe(0);
  const broken = await world.runReplay(agency, { kind: 'entitled' });
  expect(await done(broken)).toMatchObject({ delivered: 2, refused: 0, skipped: 1 });
  await Promise.all(every.map((one) => one.stop()));
  const received = await world.received(agency, lane);
  expect(replayedPhones(received, waiting)).toEqual(['+8613900000072']);
  expect(new Set(replayedPhones(received, broken))).toEqual(new Set(['+8613900000071', '+8613900000072']));
});

test('a worker that lost its partition does not move a replay on', async () => {
  const lane = 3;
  const work = WorkerAtWork.on(world, lane);
  const { agency } = await delivered(lane, ['+8613900000081'], work);
  await work.stop();
  const replay = await world.runReplay(agency, range(lane, 1, 2));
  const { store } = world.workerContext();
  const mine = await store.acquire(lane);
  await store.acquire(lane);
  const replayed = { replay, next: 3n, done: true, delivered: 2, refused: 0, skipped: 0 };
  const effects = { state: mine, subjects: new Map(), parked: [], settled: [], replayed };
  await expect(store.commit(effects)).rejects.toThrow(PartitionLost);
  expect(await progress(replay)).toMatchObject({ state: 'running', delivered: 0 });
  await world.moveReplay(replay, 'cancel');
});

test('an approval of yesterday starts nothing', async () => {
  const replay = await world.approvedReplay(newAgency(), { kind: 'entitled' });
  const context = { actor: 'staff:otto', correlationId: randomUUID() };
  const tomorrow = Date.now() + PLAN_WAITS_AT_MOST_MS;
  expect(await world.replays.move(replay, 'run', tomorrow, { context })).toEqual({ refused: 'plan-expired' });
  expect((await progress(replay)).state).toBe('approved');
});

test('a replay that fails holds up neither live traffic nor itself for good', async () => {
  const lane = 4;
  let fails = true;
  class FailsAtFirst extends ReplayParts {
    override async deliveries(...asked: Parameters<ReplayParts['deliveries']>) {
      if (fails) throw new SourceLost('registry.events/4 no longer has offset 7');
      return super.deliveries(...asked);
    }
  }
  await using work = WorkerAtWork.on(world, lane, { replayParts: new FailsAtFirst(world.pool) });
  const { agency, subject } = await delivered(lane, ['+8613900000091'], work);
  const replay = await world.runReplay(agency, range(lane, 1, 2));
  const trouble = async () =>
    (await world.pool.query('select trouble from delivery.replay_lane where replay = $1', [replay])).rows[0].trouble;
  await expect.poll(trouble).toBe('registry.events/4 no longer has offset 7');
  await world.change(subject, { mobilePhone: '+8613900000092' });
  await work.untilFeedHas(agency, lane, 3);
  expect(work.deaths.filter((death) => death instanceof SourceLost)).toEqual([]);
  fails = false;
  expect(await done(replay)).toMatchObject({ delivered: 2 });
  expect(await trouble()).toBeNull();
});
