import { readHistory } from '@sluice/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Recipient } from '../support/recipient.js';
import { until } from '../support/until.js';
import { ChangeLoad } from './change-load.js';
import { phonesByGrant } from './observed.js';
import { BANK, BUREAU, forAll, type Person, System } from './system.js';

const PERSONS = 24;
const PAUSE_MS = 120;
const SETTLE_MS = 60_000;

let system: System;
let bank: Recipient;
let bureau: Recipient;
const persons: Person[] = [];

beforeAll(async () => {
  system = await System.start();
  [bank, bureau] = await Promise.all([system.recipient(BANK), system.recipient(BUREAU)]);
  await forAll(Array.from({ length: PERSONS }), 8, async () => {
    const person = await system.person();
    await system.grant(person, bank);
    await system.grant(person, bureau);
    persons.push(person);
  });
  await Promise.all([bank.received(PERSONS), bureau.received(PERSONS)]);
}, 300_000);

afterAll(async () => {
  await Promise.all([bank?.close(), bureau?.close()]);
  await system?.stop();
});

/** Runs load around the fault and compares what was acknowledged with what arrived. */
async function underLoad(fault: () => Promise<void>): Promise<void> {
  const before = { bank: bank.events.length, bureau: bureau.events.length };
  const load = new ChangeLoad(system.api, persons, PAUSE_MS);
  load.start();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await fault();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await load.stop();
  expect(load.count).toBeGreaterThan(PERSONS);
  for (const [recipient, name] of [
    [bank, 'bank'],
    [bureau, 'bureau'],
  ] as const) {
    const expected = before[name] + load.count;
    await until(`${name} has everything`, () => (recipient.events.length >= expected ? true : undefined), SETTLE_MS);
    const arrived = phonesByGrant(recipient);
    for (const [person, values] of load.acknowledged) {
      const got = arrived.get(person.grants.get(recipient.plan.code)!) ?? [];
      expect(got.slice(-values.length)).toEqual(values);
    }
    expect(recipient.events.length).toBe(expected);
    expect(recipient.faults.filter((fault) => /gap|chain|broken/.test(fault))).toEqual([]);
  }
}

test.each(['registry', 'consent', 'vetting', 'delivery', 'audit'] as const)(
  'kill -9 of %s under load: every acknowledged change arrives once and in order',
  async (service) => {
    await underLoad(async () => {
      await system.stack.service(service).kill();
      await system.stack.service(service).start();
    });
  },
  300_000,
);

test('kill -9 of the broker under load: every acknowledged change arrives once and in order', async () => {
  await underLoad(async () => {
    const kafka = system.stack.infrastructure.kafka!;
    await kafka.kill();
    await kafka.start();
  });
}, 300_000);

test('kill -9 of PostgreSQL under load: every acknowledged change arrives once and in order', async () => {
  await underLoad(async () => {
    const postgres = system.stack.infrastructure.postgres!;
    await postgres.kill();
    await postgres.start();
  });
}, 300_000);

test('after all of that, the history of each person holds each delivery exactly once', async () => {
  const token = await system.access.tokenFor('ada');
  const deliveries = (recipient: Recipient, person: Person) =>
    phonesByGrant(recipient).get(person.grants.get(recipient.plan.code)!)?.length ?? 0;
  for (const person of persons.slice(0, 6)) {
    const expected = deliveries(bank, person) + deliveries(bureau, person);
    await until('the history is complete', async () => {
      let count = 0;
      let cursor: string | undefined;
      do {
        const query = { limit: 200, kind: 'delivered', ...(cursor !== undefined && { cursor }) };
        const { body } = await system.api.call(readHistory, { token, params: { subject: person.subject }, query });
        count += body.entries.filter((entry) => entry.kind === 'delivered').length;
        cursor = body.next;
      } while (cursor !== undefined);
      expect(count).toBeLessThanOrEqual(expected);
      return count === expected ? true : undefined;
    });
  }
});
