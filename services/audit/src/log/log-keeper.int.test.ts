import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { HEADER } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { folderSource, parseVerifierKey, verifyLog } from '@sluice/log-verifier';
import { FileTileStorage, LogReader, LogWriter } from '@sluice/merkle-log';
import { createRecordProducer, endOffsets, headerOf, type KafkaConnection, PartitionPuller } from '@sluice/messaging';
import { createLogger, Metrics, ReadinessChecks } from '@sluice/platform';
import { Pool } from 'pg';
import { afterAll, expect, inject, test, vi } from 'vitest';
import { RecordDigest } from '../intake/record-digest.js';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { grantActivated, LedgerAuthor, ledgerRecord, readingOf } from '../testing/records.js';
import { eventually } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { leavesOfTopics, recordsOf } from '../testing/topic-records.js';
import { readBlockLeaf } from './block-leaf.js';
import { LogKeeper } from './log-keeper.js';
import { openLogKey } from './log-key.js';
import { LogSession } from './log-session.js';
import { LogStatus } from './log-status.js';
import { positionLeaf, readPositionLeaf } from './positions.js';
import { NO_WITNESSES } from './witnesses/witness-config.js';
import { WitnessStatus } from './witnesses/witness-status.js';
import { WitnessedStore } from './witnesses/witnessed-store.js';

const PARTITION = 3;
/** Of the calls to storage and database, while crashes are wanted. */
const CRASH_RATE = 0.04;

const connection: KafkaConnection = { ...inject('kafka'), clientId: 'audit-log-test' };
const prefix = uniquePrefix();
const { topics } = await ownScope(connection, prefix);
const { log, keyDir } = await ownLog(connection, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const pool = new Pool({ connectionString: databaseUrl, max: 2 });
pool.on('error', () => {});
const producer = createRecordProducer(connection);
const key = await openLogKey(keyDir, log.origin);
const logger = createLogger({ name: 'audit', instance: 'test', level: 'silent' });
const saltSecret = createSecretKey(randomBytes(32));
const author = new LedgerAuthor(PARTITION);
const running = new Set<LogKeeper>();
let crashing = false;
let diskIsFull = false;
let diskTakesMs = 0;
let crashes = 0;

afterAll(async () => {
  await Promise.all([...running].map((keeper) => keeper.stop()));
  await producer.close();
  await pool.end();
  await database.drop();
});

/** A part that, at a random call, fails before or after it has done what was asked: what was done stays done. */
function crashy<T extends object>(part: T): T {
  return new Proxy(part, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function' || name === 'close') return value;
      return async (...given: unknown[]) => {
        if (diskIsFull && name === 'write')
          throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        if (name === 'write') await pause(diskTakesMs);
        if (crashing && Math.random() < CRASH_RATE / 2) throw crash();
        const answer = await value.apply(target, given);
        if (crashing && Math.random() < CRASH_RATE / 2) throw crash();
        return answer;
      };
    },
  });
}

function crash(): Error {
  crashes += 1;
  return new Error('a crash that the test wanted');
}

function keeper(): LogKeeper {
  const started = new LogKeeper({
    openSession: async () => crashy(await LogSession.open(databaseUrl)),
    storage: crashy(new FileTileStorage(log.folder)),
    key,
    connection,
    producer,
    topics,
    checkpointTopic: log.checkpointTopic,
    tools: { ledgerTopic: topics.ledger, saltSecret, digests: new RecordDigest() },
    witnessing: {
      config: NO_WITNESSES,
      store: new WitnessedStore(pool),
      status: new WitnessStatus(NO_WITNESSES, new Metrics(), new ReadinessChecks(logger)),
    },
    status: new LogStatus(new Metrics(), new ReadinessChecks(logger)),
    logger,
  });
  running.add(started);
  started.start();
  return started;
}

async function publishRound(): Promise<void> {
  const subject = randomUUID();
  const outcomes = { 'harbour-bank': 'delivered', 'lake-bureau': 'delivered' } as const;
  await producer.send([
    ledgerRecord(topics.ledger, author.next([{ subject, outcomes }])),
    ledgerRecord(topics.fences, author.next([])),
    grantActivated(topics.consent, PARTITION, subject),
    grantActivated(topics.vetting, 0, subject),
    grantActivated(topics.registry, PARTITION, subject),
    readingOf(topics.access, PARTITION, { subject, by: 'staff:sol', what: 'profile' }),
  ]);
}

async function verifiedLeaves(): Promise<string[]> {
  const leaves: string[] = [];
  const report = await verifyLog({
    source: folderSource(log.folder),
    log: parseVerifierKey(key.verifierKey),
    onEntry: (_index, entry) => leaves.push(entry.toString()),
  });
  expect(report.findings).toEqual([]);
  return leaves;
}

test('two keepers that crash anywhere, or lose their session: each record of every topic is one leaf', async () => {
  keeper();
  keeper();
  crashing = true;
  const until = Date.now() + 25_000;
  for (let round = 0; Date.now() < until || crashes <= 5; round++) {
    await publishRound();
    if (round % 20 === 19) {
      await pool.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sluice audit log' and datname = current_database()",
      );
    }
    await pause(100);
  }
  crashing = false;
  const expected = await leavesOfTopics(connection, topics);
  const size = async () => Number((await pool.query('select size from audit.log_head')).rows[0]?.size ?? 0);
  await eventually(
    async () => recordsOf(await verifiedLeaves()).length,
    (count) => count >= expected.length,
    'all is in the log',
  );
  const leaves = await verifiedLeaves();
  expect(recordsOf(leaves)).toEqual(expected);
  expect(crashes).toBeGreaterThan(5);
  expect(await size()).toBe(leaves.length);
  expect(leaves.at(-1)).toMatch(/^position /);
});

test('the index leads to each block in the log, also after crashes', async () => {
  const { rows } = await eventually(
    () => pool.query('select l.*, h.size from audit.log_block l, audit.log_head h where h.indexed = h.size'),
    ({ rows }) => rows.length > 0,
    'the index is complete',
  );
  const reader = new LogReader(new FileTileStorage(log.folder));
  const blocks = (await verifiedLeaves()).filter((leaf) => leaf.startsWith('block '));
  expect(rows).toHaveLength(blocks.length);
  for (const row of rows) {
    const leaf = readBlockLeaf(String(await reader.leaf(Number(row.leaf), Number(row.size))));
    expect(leaf).toMatchObject({ agency: row.agency, lane: row.lane, first: Number(row.first), count: row.count });
  }
});

test('checkpoints are announced again and again, whether there is something new or not', async () => {
  const puller = new PartitionPuller(connection);
  let [offset = 0n] = await endOffsets(connection, log.checkpointTopic);
  for (let seen = 0; seen < 5; ) {
    const want = { topic: log.checkpointTopic, partition: 0, offset, maxBytes: 1 << 20 };
    const [answer] = await puller.pull([want], { maxWaitMs: 8_000 });
    if (answer!.error === 'retry') continue;
    if (answer!.records.length === 0) throw new Error('no checkpoint was announced for eight seconds');
    offset = answer!.nextOffset;
    seen += answer!.records.length;
  }
  await puller.close();
});

/** Announcements from an offset on: when each says it was made, and of how many leaves. */
async function announcements(from: bigint): Promise<{ time: number; size: number }[]> {
  const puller = new PartitionPuller(connection);
  const [end = 0n] = await endOffsets(connection, log.checkpointTopic);
  const found: { time: number; size: number }[] = [];
  for (let offset = from; offset < end; ) {
    const want = { topic: log.checkpointTopic, partition: 0, offset, maxBytes: 1 << 20 };
    const [answer] = await puller.pull([want], { maxWaitMs: 1_000 });
    for (const record of answer!.records) {
      const time = Date.parse(String(headerOf(record, Buffer.from(HEADER.time))));
      found.push({ time, size: (JSON.parse(String(record.value)) as { size: number }).size });
    }
    offset = answer!.nextOffset;
  }
  await puller.close();
  return found;
}

async function allIsIn(): Promise<void> {
  const expected = await leavesOfTopics(connection, topics);
  await eventually(
    async () => recordsOf(await verifiedLeaves()).length,
    (count) => count >= expected.length,
    'all is in the log',
  );
  expect(recordsOf(await verifiedLeaves())).toEqual(expected);
}

test('a disk that takes seconds for each write: the log is late and nothing else', async () => {
  diskTakesMs = 1_200;
  for (let round = 0; round < 3; round++) {
    await publishRound();
    await pause(1_000);
  }
  diskTakesMs = 0;
  await allIsIn();
});

test('a clock that jumps, back and forth: checkpoints come as before, and go back neither in size nor in time', async () => {
  const [begin = 0n] = await endOffsets(connection, log.checkpointTopic);
  const announced = async () => Number((await endOffsets(connection, log.checkpointTopic))[0]! - begin);
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    for (const jump of [-3_600_000, 7_200_000, -86_400_000]) {
      const before = await announced();
      vi.setSystemTime(Date.now() + jump);
      await publishRound();
      const until = performance.now() + 30_000;
      while ((await announced()) < before + 2 && performance.now() < until) await pause(50);
      expect(await announced()).toBeGreaterThanOrEqual(before + 2);
    }
  } finally {
    vi.useRealTimers();
  }
  const made = await announcements(begin);
  expect(made.map(({ size }) => size)).toEqual(made.map(({ size }) => size).sort((a, b) => a - b));
  expect(made.map(({ time }) => time)).toEqual(made.map(({ time }) => time).sort((a, b) => a - b));
  await allIsIn();
});

test('a full disk: no checkpoint while there is something that cannot be recorded, and then all goes on', async () => {
  const announced = async () => (await endOffsets(connection, log.checkpointTopic))[0]!;
  diskIsFull = true;
  await publishRound();
  let before = await announced();
  const isSilent = async () => {
    before = await announced();
    await pause(2_500);
    return (await announced()) === before;
  };
  await expect.poll(isSilent).toBe(true);
  diskIsFull = false;
  await eventually(announced, (offset) => offset > before, 'checkpoints are announced again');
  const expected = await leavesOfTopics(connection, topics);
  expect(recordsOf(await verifiedLeaves())).toEqual(expected);
});

test('records that Kafka has lost: an alarm, and the log does not go on behind them', async () => {
  await Promise.all([...running].map((one) => one.stop()));
  const lost = `${topics.fences}/${PARTITION}`;
  // As if the log had been further than the broker is, which lost its disk.
  const session = await LogSession.open(databaseUrl);
  const writer = await LogWriter.open({ storage: new FileTileStorage(log.folder), highWater: session, key });
  const last = await new LogReader(new FileTileStorage(log.folder)).leaf(writer.head.size - 1, writer.head.size);
  const positions = readPositionLeaf(last.toString())!.set(lost, 1_000n);
  await writer.append([Buffer.from(positionLeaf(positions))]);
  await session.close();
  const before = writer.head.size;
  keeper();
  const alarms = async () => (await pool.query('select kind, place, expected from audit.alarm')).rows;
  const found = await eventually(alarms, (rows) => rows.length > 0, 'the alarm is raised');
  expect(found).toEqual([{ kind: 'records-missing', place: lost, expected: 'offset 1000' }]);
  await publishRound();
  await pause(1_000);
  expect(await verifiedLeaves()).toHaveLength(before);
});
