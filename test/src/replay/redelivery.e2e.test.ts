import { randomUUID } from 'node:crypto';
import type { FeedEvent } from '@sluice/agency-sdk';
import {
  type AttributeValues,
  approveReplay,
  type HistoryEntry,
  laneOf,
  planReplay,
  type ReplayView,
} from '@sluice/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChangeLoad } from '../faults/change-load.js';
import { phonesByGrant } from '../faults/observed.js';
import { BANK, type Person, System } from '../faults/system.js';
import type { Recipient } from '../support/recipient.js';
import { until } from '../support/until.js';
import { withdraw } from '../support/withdrawal.js';
import { sluice } from './sluice-cli.js';

const PERSONS = 24;
const WAIT = { timeout: 60_000, interval: 300 };

let system: System;
let bank: Recipient;
let persons: Person[];

beforeAll(async () => {
  system = await System.start();
  bank = await system.recipient(BANK);
  persons = await system.personsGranting(bank, PERSONS);
}, 300_000);

afterAll(async () => {
  await bank?.close();
  await system?.stop();
});

const run = (...args: string[]) => sluice(system.dataDir, args);
const replayOf = ({ out }: { out: string }) => JSON.parse(out) as ReplayView;

async function planned(...extent: string[]): Promise<ReplayView> {
  const ran = await run('replay', 'plan', 'redeliver', BANK.code, ...extent, '--reason', 'a test', '-o', 'json');
  expect(ran.code, ran.err).toBe(0);
  return replayOf(ran);
}

/** The lane with most deliveries, and how many it has. */
async function fullestLane(): Promise<{ lane: number; last: number }> {
  const { rows } = await system.query(
    `select lane, last_sequence::int as last from delivery.lane where agency = '${BANK.code}' order by last desc limit 1`,
  );
  return rows[0];
}

async function replayedBy(replay: string, count: number) {
  const own = () => bank.replayed.filter((event) => event.replay === replay);
  await until(`${count} of the replay arrived`, () => (own().length >= count ? true : undefined), 60_000);
  return own();
}

const phoneOf = ({ data }: FeedEvent) =>
  'attributes' in data ? (data.attributes as AttributeValues).mobilePhone : null;

/** What had come before it in the lane for its grant, not counting replays. */
function lastPhoneBefore({ grant, sequence }: FeedEvent): unknown {
  const before = bank.events.filter((event) => event.grant === grant && Number(event.sequence) < Number(sequence));
  return phoneOf(before.at(-1)!);
}

test('a range is planned, approved and run from the command line, and everybody sees that it is a replay', async () => {
  const { lane, last } = await fullestLane();
  const range = ['--lane', String(lane), '--from', '1', '--to', String(last)];
  const plan = await planned(...range);
  expect(plan).toMatchObject({
    state: 'planned',
    impact: { sourceEvents: last, deliveries: last, refusals: [], persons: last },
  });
  expect((await run('replay', 'run', plan.id)).code, 'not approved').toBe(6);
  const approved = await run('replay', 'approve', plan.id);
  expect(approved.code, approved.err).toBe(0);
  const ran = await run('replay', 'run', plan.id, '-o', 'json');
  expect(ran.code, ran.err).toBe(0);
  expect(replayOf(ran)).toMatchObject({ state: 'done', progress: { delivered: last, refused: 0, skipped: 0 } });

  const events = bank.events.length;
  const replayed = await replayedBy(plan.id, last);
  expect(replayed).toHaveLength(last);
  expect(bank.events).toHaveLength(events);
  const subject = persons.find((person) => laneOf(person.subject) === lane)!.subject;
  await expect
    .poll(async () => {
      const { out } = await run('history', subject, '--all', '-o', 'json');
      return (JSON.parse(out) as HistoryEntry[]).filter((entry) => entry.replay === plan.id).map(({ kind }) => kind);
    }, WAIT)
    .toEqual(['snapshot']);

  const { rows } = await system.query(
    `select convert_from(payload, 'utf8')::json as act from delivery.event where stream = '${plan.id}' order by version`,
  );
  expect(rows.map(({ act }) => act.act)).toEqual(['replay-plan', 'replay-approve', 'replay-run', 'replay-finish']);
});

test('nobody approves a plan of their own, nor without being a supervisor; ids and states are checked', async () => {
  const token = await system.access.tokenFor({ sub: randomUUID(), kind: 'staff', roles: ['operator', 'supervisor'] });
  const body = { agency: BANK.code, extent: { kind: 'entitled' as const }, reason: 'a test' };
  const { body: plan } = await system.api.call(planReplay, { token, body });
  const own = await system.api.refusal(approveReplay, { token, params: { replay: plan.id } });
  expect(own.problem?.code).toBe('same-person');

  const operator = await system.access.tokenFor('otto');
  const env = { SLUICE_TOKEN: operator };
  expect((await sluice(system.dataDir, ['replay', 'approve', plan.id], env)).code).toBe(4);
  expect((await run('replay', 'pause', plan.id)).code).toBe(6);
  expect((await run('replay', 'show', randomUUID())).code).toBe(5);
  expect((await run('replay', 'plan', 'redeliver', 'nobody-here', '--entitled', '--reason', 'a test')).code).toBe(5);
  const beyond = ['--lane', '0', '--from', '1', '--to', '99999'];
  expect((await run('replay', 'plan', 'redeliver', BANK.code, ...beyond, '--reason', 'a test')).code).toBe(5);
  const backwards = ['--lane', '0', '--from', '3', '--to', '2'];
  expect((await run('replay', 'plan', 'redeliver', BANK.code, ...backwards, '--reason', 'a test')).code).toBe(2);
  expect((await run('replay', 'cancel', plan.id)).code).toBe(0);
  expect((await run('replay', 'approve', plan.id)).code).toBe(6);
});

test('all entitled data under live traffic, while instances are killed and come back: order and marks hold, nothing twice', async () => {
  await system.stack.startService('delivery', { instance: 'delivery-2' });
  const load = new ChangeLoad(system.api, persons, 100);
  load.start();
  await until('changes flow', () => (load.count > 100 ? true : undefined));
  const before = bank.events.length;
  const plan = await planned('--entitled', '--rate', '30');
  await run('replay', 'approve', plan.id);
  expect((await run('replay', 'run', plan.id, '--no-wait')).code).toBe(0);
  for (const name of ['delivery', 'delivery-2'] as const) {
    await system.stack.service(name).kill();
    await system.stack.service(name).start();
  }
  await expect.poll(async () => replayOf(await run('replay', 'show', plan.id, '-o', 'json')).state, WAIT).toBe('done');
  await load.stop();
  const done = replayOf(await run('replay', 'show', plan.id, '-o', 'json'));
  const replayed = await replayedBy(plan.id, done.progress.delivered);
  expect(replayed).toHaveLength(done.progress.delivered);
  // Of everybody at most once: there is one attribute, and who changed it meanwhile was told by that.
  expect(new Set(replayed.map(({ subject }) => subject)).size).toBe(replayed.length);

  await until('everything arrived', () => (bank.events.length >= PERSONS + load.count ? true : undefined), 60_000);
  for (const again of replayed) expect(phoneOf(again), 'the value that was present then').toBe(lastPhoneBefore(again));
  expect(bank.events.length).toBeGreaterThan(before);
  expect(bank.events).toHaveLength(PERSONS + load.count);
  const arrived = phonesByGrant(bank);
  for (const [person, values] of load.acknowledged) expect(arrived.get(person.grants.get(BANK.code)!)).toEqual(values);
  expect(bank.faults.filter((fault) => /gap|chain|broken/.test(fault))).toEqual([]);
}, 300_000);

test('a grant withdrawn between approval and start: nothing of it goes out, and the run says that part was refused', async () => {
  const [withdrawn] = persons;
  const grant = withdrawn!.grants.get(BANK.code)!;
  const lane = laneOf(withdrawn!.subject);
  const { rows } = await system.query(
    `select last_sequence::int as last from delivery.lane where agency = '${BANK.code}' and lane = ${lane}`,
  );
  const plan = await planned('--lane', String(lane), '--from', '1', '--to', String(rows[0].last), '--rate', '5000');
  expect(plan.impact).toMatchObject({ deliveries: rows[0].last, refusals: [] });
  await run('replay', 'approve', plan.id);
  await withdraw(system.api, withdrawn!.token, grant);
  const { code, out, err } = await run('replay', 'run', plan.id, '-o', 'json');
  expect(code, err).toBe(7);
  const { state, progress } = replayOf({ out });
  expect([state, progress.delivered + progress.refused]).toEqual(['done', rows[0].last]);
  expect(progress.refused).toBeGreaterThan(0);
  const replayed = await replayedBy(plan.id, progress.delivered);
  expect(replayed.filter((event) => event.grant === grant)).toEqual([]);
});
