import { randomUUID } from 'node:crypto';
import { CHANGE_KIND, GRANT_ACTIVATED, GRANT_NARROWED, GRANT_WIDENED } from '@sluice/contracts';
import { RebuildRun, Rebuilds } from '@sluice/event-store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DeliveryWorld, subjectIn } from '../testing/delivery-world.js';
import { WorkerAtWork } from '../testing/worker-at-work.js';
import { subjectsModel } from './subjects.js';

let world: DeliveryWorld;
let rebuilds: Rebuilds;
beforeAll(async () => {
  world = await DeliveryWorld.start();
  rebuilds = new Rebuilds(world.pool, 'delivery');
});
afterAll(() => world.close());

async function run(swap = false) {
  const id = randomUUID();
  const extent = { events: 0, rows: 0 };
  await world.pool.query(rebuilds.planning({ id, readModel: 'subject', rate: 0, extent, plannedBy: 'staff:otto' }));
  await world.pool.query(rebuilds.moving(id, 'run', { swap }));
  const rebuild = (await rebuilds.claim('test'))!;
  const model = subjectsModel(world.kafka);
  await new RebuildRun({ rebuilds, model, rebuild, runner: 'test', signal: new AbortController().signal }).run();
  await world.pool.query(rebuilds.finishing(id, 'test', { state: 'done' }));
  return await rebuilds.differences(id, 100);
}

const newAgency = () => `bank-${randomUUID().slice(0, 8)}`;
const grantsOf = async (subject: string) =>
  (await world.pool.query('select grants from delivery.subject where subject = $1', [subject])).rows[0]?.grants;
const epochOf = async (lane: number) =>
  (await world.pool.query('select epoch from delivery.partition where partition = $1', [lane])).rows[0].epoch;

/** A person with a grant whose snapshot came, and one change that was delivered. */
async function receiving(lane: number, work: WorkerAtWork) {
  const [agency, subject] = [newAgency(), subjectIn(lane)];
  await world.accredit(agency, ['mobilePhone', 'email']);
  const grant = await world.grant(subject, agency, ['mobilePhone', 'email']);
  await world.change(subject, { mobilePhone: '+8613900000001' });
  await work.untilFeedHas(agency, lane, 2);
  return { agency, subject, grant };
}

test('altered, deleted and added rows are found and mended; the worker decides by the mended ones', async () => {
  await using work = WorkerAtWork.on(world, 0);
  const [altered, deleted] = [await receiving(0, work), await receiving(0, work)];
  const narrowed = await receiving(0, work);
  await world.consent(GRANT_NARROWED, narrowed.subject, narrowed.grant, 3, {
    agency: narrowed.agency,
    attributes: ['email'],
  });
  await work.untilFeedHas(narrowed.agency, 0, 3);
  expect(await run()).toEqual([]);

  const before = [await grantsOf(altered.subject), await grantsOf(deleted.subject)];
  const ghost = subjectIn(0);
  await world.pool.query(`update delivery.subject set grants = '[]' where subject = $1`, [altered.subject]);
  await world.pool.query('delete from delivery.subject where subject = $1', [deleted.subject]);
  await world.pool.query('insert into delivery.subject select $1, grants from delivery.subject where subject = $2', [
    ghost,
    narrowed.subject,
  ]);
  const found = (mended: boolean) =>
    [
      { key: [altered.subject], kind: 'altered', columns: ['grants'], mended },
      { key: [deleted.subject], kind: 'missing', columns: [], mended },
      { key: [ghost], kind: 'added', columns: [], mended },
    ].sort((a, b) => (JSON.stringify(a.key) < JSON.stringify(b.key) ? -1 : 1));
  expect(await run()).toEqual(found(false));

  const epoch = await epochOf(0);
  expect(await run(true)).toEqual(found(true));
  expect(await epochOf(0)).toBeGreaterThan(epoch);
  expect([await grantsOf(altered.subject), await grantsOf(deleted.subject)]).toEqual(before);
  expect(await grantsOf(ghost)).toBeUndefined();
  for (const { agency, subject } of [altered, deleted]) {
    await world.change(subject, { mobilePhone: '+8613900000002' });
    await work.untilFeedHas(agency, 0, 3);
  }
  expect(await run()).toEqual([]);
});

test('a snapshot that answers an older version, one still awaited, and a grant without one are rebuilt as they are', async () => {
  await using work = WorkerAtWork.on(world, 1);
  const { agency, subject, grant } = await receiving(1, work);
  const part = { agency, attributes: ['mobilePhone', 'email'] } as const;
  await world.consent(GRANT_WIDENED, subject, grant, 3, { ...part, attributes: [...part.attributes] });
  await world.change(subject, {}, CHANGE_KIND.snapshot, { grant, grantVersion: 2 });
  await world.consent(GRANT_ACTIVATED, subject, randomUUID(), 2, { ...part, attributes: ['email'] });
  await work.untilFeedHas(agency, 1, 3);
  await expect.poll(async () => (await grantsOf(subject))?.length).toBe(2);
  expect((await grantsOf(subject)).map(({ awaiting }: { awaiting: number | null }) => awaiting)).toEqual([3, 2]);
  expect(await run()).toEqual([]);
});

test('grants and changes go on while it is rebuilt and swapped: no difference, no delivery lost or repeated', async () => {
  await using work = WorkerAtWork.on(world, 2);
  const { agency, subject } = await receiving(2, work);
  let stop = false;
  let changes = 1;
  const traffic = (async () => {
    while (!stop) {
      const other = subjectIn(2);
      await world.grant(other, agency, ['email']);
      await world.change(subject, { mobilePhone: `+86139000${String(changes++).padStart(5, '0')}` });
    }
  })();
  for (let round = 0; round < 4; round++) {
    // Something to mend in each round, so that the epoch is raised under the worker's hands.
    const ghost = subjectIn(2);
    await world.pool.query(`insert into delivery.subject values ($1, '[]')`, [ghost]);
    expect(await run(true)).toEqual([{ key: [ghost], kind: 'added', columns: [], mended: true }]);
  }
  stop = true;
  await traffic;
  const last = `+86139000${String(changes - 1).padStart(5, '0')}`;
  const phones = async () =>
    (await world.received(agency, 2))
      .filter(({ type }) => type.includes('profile-changed'))
      .map(({ data }) => data.attributes?.mobilePhone);
  await expect.poll(async () => (await phones()).at(-1)).toBe(last);
  expect(await phones()).toHaveLength(changes);
  expect(await run()).toEqual([]);
});
