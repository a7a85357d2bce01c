import { SERVICES } from '@sluice/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from '../support/api-client.js';
import type { Recipient } from '../support/recipient.js';
import { until } from '../support/until.js';
import { ChangeLoad } from './change-load.js';
import { phonesByGrant } from './observed.js';
import { BANK, type Person, System } from './system.js';

const PERSONS = 24;

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

test('two instances of every service share the work while each in turn stops, comes back and is killed', async () => {
  const seconds = await Promise.all(SERVICES.map((name) => system.stack.startService(name, { instance: `${name}-2` })));
  const registry2 = seconds[SERVICES.indexOf('registry')]!;
  const other = new ApiClient({ ...system.access.urls, registry: registry2.url });

  const half = PERSONS / 2;
  const loads = [
    new ChangeLoad(system.api, persons.slice(0, half), 100),
    new ChangeLoad(other, persons.slice(half), 100),
  ];
  for (const load of loads) load.start();
  for (const name of ['registry', 'delivery', 'audit', 'consent', 'vetting'] as const) {
    await system.stack.service(name).restart();
    await system.stack.service(`${name}-2`).kill();
    await system.stack.service(`${name}-2`).start();
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  for (const load of loads) await load.stop();

  const count = loads.reduce((sum, load) => sum + load.count, 0);
  expect(count).toBeGreaterThan(PERSONS);
  await until('everything arrived', () => (bank.events.length >= PERSONS + count ? true : undefined), 90_000);
  const arrived = phonesByGrant(bank);
  for (const load of loads) {
    for (const [person, values] of load.acknowledged) {
      expect(arrived.get(person.grants.get(BANK.code)!)).toEqual(values);
    }
  }
  expect(bank.events).toHaveLength(PERSONS + count);
  expect(bank.faults.filter((fault) => /gap|chain|broken/.test(fault))).toEqual([]);

  const { rows } = await system.query(`select partition, ledger_sequence, dispatched_sequence from delivery.partition`);
  expect(rows).toHaveLength(6);
}, 600_000);

test('a paused delivery loses its partitions, and changes nothing when it wakes', async () => {
  const before = bank.events.length;
  const paused = system.stack.service('delivery');
  paused.pause();
  const load = new ChangeLoad(system.api, persons.slice(0, 12), 100);
  load.start();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await load.stop();
  try {
    await until(
      'the other instance took over',
      () => (bank.events.length >= before + load.count ? true : undefined),
      60_000,
    );
  } finally {
    paused.resume();
  }
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(bank.events).toHaveLength(before + load.count);
  expect(bank.faults.filter((fault) => /gap|chain|broken/.test(fault))).toEqual([]);
}, 300_000);
