import { cp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readFeed, TOPICS } from '@sluice/contracts';
import { httpSource, parseVerifierKey, verifyLog } from '@sluice/log-verifier';
import { endOffsets } from '@sluice/messaging';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Recipient } from '../support/recipient.js';
import { until } from '../support/until.js';
import { ChangeLoad } from './change-load.js';
import { BANK, type Person, System } from './system.js';

const PERSONS = 10;
const PAUSE_MS = 100;
/** What may be under way when the gate closes. */
const UNDER_WAY_MS = 500;
/** By so much more a busy machine may be late. */
const BUSY_MS = 6_000;

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

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Checks {
  ok: boolean;
  checks: Record<string, { ok: boolean; detail: string }>;
}

async function readiness(service: 'audit' | 'delivery'): Promise<Checks> {
  const response = await fetch(`${system.stack.service(service).url}/readyz`);
  return { ok: response.ok, ...((await response.json()) as Omit<Checks, 'ok'>) };
}

/** How many deliveries the bank's feed has been given, whether or not the bank has come round to them. */
async function released(): Promise<number> {
  const { body } = await system.api.call(readFeed, { token: bank.token, params: { agency: BANK.code } });
  return body.lanes.reduce((sum, { lastSequence }) => sum + lastSequence, 0);
}

/** While audit cannot record, changes are taken and none is released; afterwards all of them are. */
async function withoutAudit(trouble: () => Promise<void> | void, recovery: () => Promise<void> | void): Promise<void> {
  const before = bank.events.length;
  const load = new ChangeLoad(system.api, persons, PAUSE_MS);
  load.start();
  await until('the load is released', () => (bank.events.length > before + PERSONS ? true : undefined));
  await trouble();
  await pause(2_000 + UNDER_WAY_MS);
  const isStill = async () => {
    const one = await released();
    await pause(1_000);
    return (await released()) === one ? one : undefined;
  };
  const last = await until('releases have stopped', isStill, BUSY_MS);
  const recorded = load.count;
  await until('recording goes on', () => (load.count > recorded + PERSONS ? true : undefined));
  await pause(2_000);
  expect(await released()).toBe(last);
  const waiting = await readiness('delivery');
  expect(waiting.ok).toBe(false);
  expect(waiting.checks.audit!.detail).toMatch(/^waits for audit: the last checkpoint arrived .* ago$/);
  await recovery();
  await until('releases go on', async () => ((await released()) > last ? true : undefined));
  await load.stop();
  await until('all is released', () => (bank.events.length >= before + load.count ? true : undefined));
  expect(bank.events.length).toBe(before + load.count);
  expect(bank.faults.filter((fault) => /gap|chain|broken/.test(fault))).toEqual([]);
  await until('delivery is ready', async () => ((await readiness('delivery')).ok ? true : undefined));
}

/** The second line of a checkpoint is the number of entries. */
async function sizeOf(logFolder: string): Promise<number> {
  return Number((await readFile(join(logFolder, 'checkpoint'), 'utf8')).split('\n')[1]);
}

test('audit stands still: releases stop within two seconds, recording goes on, and all goes on by itself', async () => {
  const audit = system.stack.service('audit');
  await withoutAudit(
    () => audit.pause(),
    () => audit.resume(),
  );
});

test('an older copy of the log is refused with what to do, and nothing is released until the newer one is back', async () => {
  const audit = system.stack.service('audit');
  const folder = join(system.dataDir, 'log');
  const [older, newer] = [`${folder}.older`, `${folder}.newer`];
  await audit.stop();
  await cp(folder, older, { recursive: true });
  await audit.start();
  let started: Promise<void> | undefined;
  await withoutAudit(
    async () => {
      // Without an entry more it would be no older copy, and an audit that has just started may not have written one.
      await until('the log has grown', async () => ((await sizeOf(folder)) > (await sizeOf(older)) ? true : undefined));
      await audit.stop();
      await rename(folder, newer);
      await rename(older, folder);
      started = audit.start();
      const detail = await until('audit says why', async () => {
        const log = await readiness('audit').catch(() => undefined);
        return log?.checks.log?.detail.includes('refused') ? log.checks.log.detail : undefined;
      });
      expect(detail).toMatch(/^the log is refused, and releases wait: .*old copy or the wrong folder/);
    },
    async () => {
      await rm(folder, { recursive: true });
      await rename(newer, folder);
      await started;
    },
  );
}, 300_000);

test('after all of that each record of every topic is in the log exactly once, and the log is whole', async () => {
  const { url } = system.stack.service('audit');
  const topics = Object.values(TOPICS).filter(({ name }) => name !== TOPICS.checkpoints.name);
  const places = async () => {
    const clientId = 'audit-trouble-test';
    const { admin, internal } = system.stack.kafka;
    const ends = topics.map(async ({ name }) => {
      const offsets = await endOffsets({ brokers: internal, ...admin, clientId }, name);
      return offsets.flatMap((end, partition) =>
        Array.from({ length: Number(end) }, (_, offset) => `${name}/${partition}@${offset}`),
      );
    });
    return (await Promise.all(ends)).flat().sort();
  };
  const expected = await places();
  const key = parseVerifierKey((await (await fetch(`${url}/log/key`)).text()).trim());
  await until('the log has all', async () => {
    const recorded: string[] = [];
    const report = await verifyLog({
      source: httpSource(`${url}/log/`),
      log: key,
      onEntry: (_index, entry) => {
        const [kind, place] = entry.toString().split(' ');
        if (kind === 'record') recorded.push(place!);
      },
    });
    expect(report.findings).toEqual([]);
    if (recorded.length < expected.length) return undefined;
    const [inTheLog, inTheTopics] = [new Set(recorded), new Set(await places())];
    expect(recorded.length).toBe(inTheLog.size);
    expect(expected.filter((place) => !inTheLog.has(place))).toEqual([]);
    expect(recorded.filter((place) => !inTheTopics.has(place))).toEqual([]);
    return true;
  });
});
