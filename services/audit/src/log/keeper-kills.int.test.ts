import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { folderSource, parseVerifierKey, verifyLog } from '@sluice/log-verifier';
import { createRecordProducer, endOffsets, type KafkaConnection } from '@sluice/messaging';
import { afterAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import type { KeeperPlan, KeeperSays } from '../testing/keeper-process.js';
import { ownLog } from '../testing/own-log.js';
import { grantActivated, LedgerAuthor, ledgerRecord, readingOf } from '../testing/records.js';
import { eventually } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { leavesOfTopics, recordsOf } from '../testing/topic-records.js';
import { openLogKey } from './log-key.js';

const KEEPER = fileURLToPath(new URL('../../dist/testing/keeper-process.js', import.meta.url));
/** `SLUICE_KILL_ROUNDS=200` is the long run; each round takes a second or two. */
const ROUNDS = Number(process.env.SLUICE_KILL_ROUNDS ?? 8);
/** One leads; on a busy machine the others are still starting when it is killed. */
const KEEPERS = 4;
/** After a keeper's first turn: within the next two or three. */
const LONGEST_RUN_MS = 900;
const PARTITION = 4;

const connection: KafkaConnection = { ...inject('kafka'), clientId: 'keeper-kills' };
const prefix = uniquePrefix();
const { topics } = await ownScope(connection, prefix);
const { log, keyDir } = await ownLog(connection, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const producer = createRecordProducer(connection);
const key = parseVerifierKey((await openLogKey(keyDir, log.origin)).verifierKey);
const plan: KeeperPlan = {
  databaseUrl: await prepareAuditDatabase(database.url),
  connection,
  topics,
  checkpointTopic: log.checkpointTopic,
  folder: log.folder,
  keyDir,
  origin: log.origin,
  saltSecret: randomBytes(32).toString('hex'),
};
const author = new LedgerAuthor(PARTITION);
const keepers = new Set<ChildProcess>();
/** Records acknowledged by Kafka: the count that does not come from any of what is tested. */
let published = 0;

afterAll(async () => {
  await Promise.all([...keepers].map(kill));
  await producer.close();
  await database.drop();
});

function start(): void {
  const keeper = fork(KEEPER, [JSON.stringify(plan)], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  keepers.add(keeper);
}

async function kill(keeper: ChildProcess): Promise<void> {
  const ended = once(keeper, 'exit');
  keeper.kill('SIGKILL');
  await ended;
  keepers.delete(keeper);
}

/** Whichever keeper takes the next turn. */
async function leader(): Promise<ChildProcess> {
  const done = new AbortController();
  const turns = [...keepers].map(async (keeper) => {
    const [{ size }] = (await once(keeper, 'message', { signal: done.signal })) as [KeeperSays];
    expect(size).toBeGreaterThanOrEqual(0);
    return keeper;
  });
  for (const turn of turns) turn.catch(() => {}); // not the leader
  try {
    return await Promise.race(turns);
  } finally {
    done.abort();
  }
}

/** Of every kind; some twice, as a relay does that crashed, and ledger batches in the wrong order. */
async function publish(): Promise<void> {
  const subject = randomUUID();
  const outcomes = { 'harbour-bank': 'delivered', 'lake-bureau': 'delivered' } as const;
  const batches = [author.next([{ subject, outcomes }]), author.next([{ subject, outcomes }])];
  const twice = grantActivated(topics.consent, PARTITION, subject);
  const records = [
    ...batches.reverse().map((batch) => ledgerRecord(topics.ledger, batch)),
    twice,
    twice,
    grantActivated(topics.registry, PARTITION, subject),
    grantActivated(topics.vetting, 0, subject),
    readingOf(topics.access, PARTITION, { subject, by: 'staff:sol', what: 'profile' }),
  ];
  await producer.send(records);
  published += records.length;
}

async function verified(): Promise<string[]> {
  const leaves: string[] = [];
  const onEntry = (_index: number, entry: Buffer) => leaves.push(entry.toString());
  const report = await verifyLog({ source: folderSource(log.folder), log: key, onEntry });
  expect(report.findings).toEqual([]);
  return leaves;
}

test(
  `${ROUNDS} times kill -9 of the keeper that leads: each record of every topic is one leaf, and the log never shrinks`,
  async () => {
    expect(existsSync(KEEPER), 'the packages are built').toBe(true);
    let publishing = true;
    const traffic = (async () => {
      while (publishing) {
        await publish();
        await pause(40);
      }
    })();
    for (let n = 0; n < KEEPERS; n++) start();
    let size = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const leading = await leader();
      await pause(Math.random() * LONGEST_RUN_MS);
      await kill(leading);
      start();
      if (existsSync(join(log.folder, 'checkpoint'))) {
        const leaves = await verified();
        expect(leaves.length).toBeGreaterThanOrEqual(size);
        expect(new Set(leaves).size).toBe(leaves.length);
        size = leaves.length;
      }
    }
    publishing = false;
    await traffic;
    const ends = await Promise.all(Object.values(topics).map((topic) => endOffsets(connection, topic)));
    expect(ends.flat().reduce((sum, end) => sum + Number(end), 0)).toBe(published);
    await eventually(
      async () => recordsOf(await verified()).length,
      (count) => count >= published,
      'all is in the log',
    );
    expect(recordsOf(await verified())).toEqual(await leavesOfTopics(connection, topics));
  },
  120_000 + ROUNDS * 30_000,
);
