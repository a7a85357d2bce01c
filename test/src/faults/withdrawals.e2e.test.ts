import { randomUUID } from 'node:crypto';
import { SluicePublisher } from '@sluice/agency-sdk';
import { withdrawGrant } from '@sluice/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agencyClaims, type Recipient } from '../support/recipient.js';
import { until } from '../support/until.js';
import { withdraw } from '../support/withdrawal.js';
import { BANK, forAll, type Person, System } from './system.js';

const BACKLOG_PERSONS = 400;
const BACKLOG_CHANGES = 20_000;
const WITHDRAWN = 200;
const WITHDRAWALS_UNDER_LOAD = 1_000;
/** Persons of every lane whose grants stay: when all their changes have come, everything else would have. */
const KEPT = 60;
const LOAD_PER_S = 1_000;

let system: System;
let bank: Recipient;
let persons: Person[] = [];

beforeAll(async () => {
  system = await System.start();
  bank = await system.recipient(BANK);
});

afterAll(async () => {
  await bank?.close();
  await system?.stop();
});

async function populate(count: number): Promise<Person[]> {
  const made: Person[] = [];
  const before = bank.events.length;
  await forAll(Array.from({ length: count }), 16, async () => {
    const person = await system.person();
    await system.grant(person, bank);
    made.push(person);
  });
  await until('every snapshot arrived', () => (bank.events.length >= before + count ? true : undefined), 60_000);
  return made;
}

test('20,000 changes wait, 200 grants are withdrawn, delivery starts: none of the 200 persons’ changes comes through', async () => {
  persons = await populate(BACKLOG_PERSONS);
  await system.stack.service('delivery').stop();
  const before = bank.events.length;
  await file(() =>
    Array.from({ length: BACKLOG_CHANGES }, (_, n) => ({
      subject: persons[n % persons.length]!.subject,
      attributes: { mobilePhone: `+86137${String(10_000_000 + n)}` },
    })),
  );
  const withdrawn = persons.slice(0, WITHDRAWN);
  await forAll(withdrawn, 16, async (person) => {
    const { status, body } = await system.api.call(withdrawGrant, {
      token: person.token,
      params: { grant: person.grants.get(BANK.code)! },
      body: {},
      waitS: 0,
    });
    expect({ status, effect: body.effect }).toEqual({ status: 202, effect: 'recorded' });
  });

  await system.stack.service('delivery').start();
  const others = BACKLOG_CHANGES - (BACKLOG_CHANGES / persons.length) * WITHDRAWN;
  await until(
    'the backlog is delivered',
    () => (bank.events.length >= before + others + WITHDRAWN ? true : undefined),
    120_000,
  );
  await new Promise((resolve) => setTimeout(resolve, 1_000));

  const stopped = new Set(withdrawn.map((person) => person.grants.get(BANK.code)!));
  const since = bank.events.slice(before);
  const leaked = since.filter(
    (event) => stopped.has(event.grant ?? '') && event.type === 'sluice.feed.profile-changed.v1',
  );
  expect(leaked).toEqual([]);
  expect(since.filter((event) => event.type === 'sluice.feed.grant-stopped.v1')).toHaveLength(WITHDRAWN);
  expect(since).toHaveLength(others + WITHDRAWN);
}, 300_000);

test('1,000 withdrawals under 1,000 changes/s: after a receipt, nothing of that grant', async () => {
  persons = await populate(WITHDRAWALS_UNDER_LOAD);
  const kept = await populate(KEPT);
  const all = [...persons, ...kept];
  const load = new RollingLoad(all);
  load.start();
  const fences = new Map<string, { lane: number; sequence: number }>();
  await forAll(persons, 8, async (person) => {
    const grant = person.grants.get(BANK.code)!;
    const { fence } = await withdraw(system.api, person.token, grant);
    fences.set(grant, fence!);
  });
  // The load goes on for a while: had one grant been left open, its changes would come through now.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await load.stop();
  const keptGrants = new Set(kept.map((person) => person.grants.get(BANK.code)!));
  const keptChanges = () =>
    bank.events.filter((event) => keptGrants.has(event.grant ?? '') && event.type === 'sluice.feed.profile-changed.v1');
  const expected = Array.from({ length: load.filed }, (_, n) => n % all.length).filter(
    (i) => i >= persons.length,
  ).length;
  await until('what may come has come', () => (keptChanges().length >= expected ? true : undefined), 60_000);

  for (const event of bank.events) {
    const fence = fences.get(event.grant ?? '');
    if (fence !== undefined) expect(Number(event.sequence)).toBeLessThanOrEqual(fence.sequence);
  }
  const stops = bank.events.filter(
    (event) => fences.has(event.grant ?? '') && event.type === 'sluice.feed.grant-stopped.v1',
  );
  expect(stops).toHaveLength(WITHDRAWALS_UNDER_LOAD);
  expect(keptChanges()).toHaveLength(expected);
}, 400_000);

/** Files changes of all persons in turn at a steady rate, whatever becomes of their grants. */
class RollingLoad {
  filed = 0;
  #running = true;
  #done: Promise<void> | undefined;

  constructor(private readonly of: Person[]) {}

  start(): void {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #run(): Promise<void> {
    const self = this;
    const started = Date.now();
    await file(async function* () {
      while (self.#running) {
        const due = ((Date.now() - started) * LOAD_PER_S) / 1_000;
        while (self.filed < due) {
          const n = self.filed++;
          yield {
            subject: self.of[n % self.of.length]!.subject,
            attributes: { mobilePhone: `+86136${String(10_000_000 + n)}` },
          };
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });
  }
}

type Line = { subject: string; attributes: Record<string, unknown> };

async function file(lines: () => Iterable<Line> | AsyncIterable<Line>): Promise<void> {
  const publisher = new SluicePublisher({
    registryUrl: system.access.urls.registry,
    token: () => system.access.tokenFor(agencyClaims(BANK.code)),
  });
  await publisher.file({
    filing: randomUUID(),
    lines,
    onResult: ({ line, status, problem }) => {
      if (status === 'refused') throw new Error(`line ${line} was refused: ${problem}`);
    },
  });
}
