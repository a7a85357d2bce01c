import { createSecretKey, hash, randomBytes, randomUUID } from 'node:crypto';
import { SOURCE_KIND } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { createRecordProducer, type KafkaConnection, type OutgoingRecord, PartitionPuller } from '@sluice/messaging';
import { Metrics, ReadinessChecks } from '@sluice/platform';
import { Pool } from 'pg';
import { afterAll, beforeEach, expect, inject, test } from 'vitest';
import { HistoryFeed } from '../completeness/history-feed.js';
import { linesOf } from '../domain/history-lines.js';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { grantActivated, LedgerAuthor, ledgerRecord, readingOf } from '../testing/records.js';
import { ownScope } from '../testing/scope.js';
import { IntakeProgress } from './intake-progress.js';
import { IntakeStore, PartitionLost, type Taken } from './intake-store.js';
import { IntakeWorker, SharedTools } from './intake-worker.js';
import { FIRST_LINK, nextLink, RecordDigest } from './record-digest.js';

const PARTITION = 2;
const connection: KafkaConnection = { ...inject('kafka'), clientId: 'audit-test' };
const { topics } = await ownScope(connection, uniquePrefix());
const producer = createRecordProducer(connection);
const database = await createTestDatabase(inject('pgUrl'));
const pool = new Pool({ connectionString: await prepareAuditDatabase(database.url), max: 4 });
pool.on('error', () => {}); // the database is dropped while its last connections close
const silent = { warn: () => {} } as never;
const author = new LedgerAuthor(PARTITION);
const feed = new HistoryFeed(createSecretKey(randomBytes(32)), topics);

afterAll(async () => {
  await producer.close();
  await pool.end();
  await database.drop();
});

/** A store that stands still, or dies, where a test wants it to. */
class HeldStore extends IntakeStore {
  beforeTake: () => Promise<void> = async () => {};
  afterTake: () => Promise<void> = async () => {};
  override async take(partition: number, epoch: number, taken: Taken): Promise<void> {
    await this.beforeTake();
    await super.take(partition, epoch, taken);
    await this.afterTake();
  }
}

const running = new Set<AbortController>();

function startWorker(store: IntakeStore = new IntakeStore(pool, feed)): {
  ended: Promise<void>;
  stop: () => Promise<void>;
} {
  const abort = new AbortController();
  running.add(abort);
  const progress = new IntakeProgress(new Metrics(), new ReadinessChecks(silent));
  const ended = IntakeWorker.run(PARTITION, abort.signal, {
    connection,
    topics,
    store,
    progress,
    shared: new SharedTools(),
  });
  ended.catch(() => {});
  const stop = async () => {
    abort.abort();
    await ended;
  };
  return { ended, stop };
}

beforeEach(() => {
  for (const abort of running) abort.abort();
  running.clear();
});

async function rowsOf(subject: string) {
  const { rows } = await pool.query<{ at: Date; ref: string; entry: Buffer }>(
    'select at, ref, entry from audit.history where subject = $1 order by at, ref',
    [subject],
  );
  return rows.map(({ at, ref, entry }) => ({ at: at.getTime(), ref: BigInt(ref), entry }));
}

async function eventually(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const alarms = async () =>
  (await pool.query<{ kind: string; place: string; found: string }>('select * from audit.alarm order by id')).rows;

function batchFor(...subjects: string[]): OutgoingRecord {
  const happenings = subjects.map((subject) => ({ subject, outcomes: { 'harbour-bank': 'delivered' as const } }));
  return ledgerRecord(topics.ledger, author.next(happenings));
}

test('each kind of record becomes a row for its person, and none for an agency', async () => {
  const subject = randomUUID();
  const nil = '00000000-0000-0000-0000-000000000000';
  await producer.send([
    ledgerRecord(
      topics.ledger,
      author.next([
        { subject, outcomes: { 'harbour-bank': 'delivered', 'beacon-credit': 'grant-paused' } },
        { subject: nil, kind: SOURCE_KIND.agencySuspended, outcomes: { 'harbour-bank': 'delivered' } },
      ]),
    ),
    grantActivated(topics.consent, PARTITION, subject),
    readingOf(topics.access, PARTITION, { subject, by: `person:${subject}`, what: 'profile' }),
  ]);
  const worker = startWorker();
  await eventually(async () => (await rowsOf(subject)).length === 3, 'three rows are there');
  const kinds = (await rowsOf(subject)).flatMap((row) => linesOf(row).map(({ entry }) => entry.kind));
  expect(kinds.sort()).toEqual(['changed', 'delivered', 'grant', 'read', 'refused']);
  expect(await rowsOf(nil)).toEqual([]);
  expect(await alarms()).toEqual([]);
  await worker.stop();
});

test('a worker killed between its transaction and the next pull leaves nothing out and nothing twice', async () => {
  const [first, second] = [randomUUID(), randomUUID()];
  const store = new HeldStore(pool, feed);
  store.afterTake = () => Promise.reject(new Error('killed'));
  const killed = startWorker(store);
  await producer.send([batchFor(first), grantActivated(topics.consent, PARTITION, first)]);
  await expect(killed.ended).rejects.toThrow('killed');
  await producer.send([batchFor(second)]);
  const next = startWorker();
  await eventually(async () => (await rowsOf(second)).length === 1, 'the next worker went on');
  await eventually(async () => (await rowsOf(first)).length === 2, 'the killed one’s rows are there');
  expect(await alarms()).toEqual([]);
  await next.stop();
});

test('a worker killed within its transaction leaves nothing behind', async () => {
  const subject = randomUUID();
  const store = new HeldStore(pool, feed);
  store.beforeTake = () => Promise.reject(new Error('killed'));
  await producer.send([batchFor(subject)]);
  await expect(startWorker(store).ended).rejects.toThrow('killed');
  expect(await rowsOf(subject)).toEqual([]);
  const next = startWorker();
  await eventually(async () => (await rowsOf(subject)).length === 1, 'the next worker took it in');
  await next.stop();
});

test('a worker that lost its partition while it stood still changes nothing', async () => {
  const subject = randomUUID();
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const store = new HeldStore(pool, feed);
  store.beforeTake = () => {
    reached.resolve();
    return released.promise;
  };
  const paused = startWorker(store);
  await producer.send([batchFor(subject)]);
  await reached.promise;
  const owner = startWorker();
  await eventually(async () => (await rowsOf(subject)).length === 1, 'the new owner took it in');
  released.resolve();
  await expect(paused.ended).rejects.toThrow(PartitionLost);
  expect(await rowsOf(subject)).toHaveLength(1);
  expect(await alarms()).toEqual([]);
  await owner.stop();
});

test('a repeat by delivery after a crash is dropped silently, in the same pull and in a later one', async () => {
  const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
  const [one, two] = [batchFor(first), batchFor(second)];
  await producer.send([one, two, one, two]);
  const worker = startWorker();
  await eventually(async () => (await rowsOf(second)).length === 1, 'both are there');
  await producer.send([one, two, batchFor(third)]);
  await eventually(async () => (await rowsOf(third)).length === 1, 'the next one is there');
  expect([await rowsOf(first), await rowsOf(second)].map(({ length }) => length)).toEqual([1, 1]);
  expect(await alarms()).toEqual([]);
  await worker.stop();
});

test('a repeat by a relay after a crash is dropped silently', async () => {
  const [subject, other] = [randomUUID(), randomUUID()];
  const grant = grantActivated(topics.consent, PARTITION, subject);
  await producer.send([grant, grant]);
  const worker = startWorker();
  await eventually(async () => (await rowsOf(subject)).length === 1, 'it is there');
  await producer.send([grant, grantActivated(topics.consent, PARTITION, other)]);
  await eventually(async () => (await rowsOf(other)).length === 1, 'the next one is there');
  expect(await rowsOf(subject)).toHaveLength(1);
  await worker.stop();
});

test('a missing batch, a second ledger and a latecomer are alarms, each once', async () => {
  const [present, missing, after] = [randomUUID(), randomUUID(), randomUUID()];
  const [one, two, three] = [batchFor(present), batchFor(missing), batchFor(after)];
  const forged = { ...one, value: Buffer.from(one.value) };
  forged.value[21]! ^= 1; // the time of decision
  await producer.send([one, three, forged]);
  const worker = startWorker();
  await eventually(async () => (await rowsOf(after)).length === 1, 'the intake went on');
  await producer.send([two]);
  await eventually(async () => (await rowsOf(missing)).length === 1, 'the latecomer was taken in');
  expect((await alarms()).map(({ kind }) => kind)).toEqual(['ledger-gap', 'lane-gap', 'ledger-fork', 'ledger-late']);
  expect(await rowsOf(present)).toHaveLength(1);
  await worker.stop();
});

test('what cannot be read is an alarm that names the place and quotes nothing', async () => {
  const [subject, secret] = [randomUUID(), 'PRIVATE-5f2'];
  const broken = grantActivated(topics.consent, PARTITION, randomUUID());
  const before = (await alarms()).length;
  await producer.send([
    { ...broken, value: Buffer.from(`{"${secret}":`) },
    { ...grantActivated(topics.consent, PARTITION, randomUUID()), value: Buffer.from(`{"grant":"${secret}"}`) },
    { ...batchFor(), value: Buffer.from(secret) },
    grantActivated(topics.consent, PARTITION, subject),
  ]);
  const worker = startWorker();
  await eventually(async () => (await rowsOf(subject)).length === 1, 'the intake went on');
  const found = (await alarms()).slice(before);
  expect(found.map(({ kind }) => kind)).toContain('unreadable');
  expect(JSON.stringify(found)).not.toContain(secret);
  await worker.stop();
});

test('the intake of a partition can be checked again from Kafka, link by link', async () => {
  const puller = new PartitionPuller(connection);
  for (const topic of [topics.ledger, topics.consent, topics.access]) {
    const { rows } = await pool.query<{
      first_offset: string;
      next_offset: string;
      count: number;
      digest: Buffer;
      link: Buffer;
    }>('select * from audit.intake where topic = $1 and partition = $2 order by first_offset', [topic, PARTITION]);
    const [{ records }] = (await puller.pull([{ topic, partition: PARTITION, offset: 0n, maxBytes: 1_000_000 }], {
      maxWaitMs: 100,
    })) as [Awaited<ReturnType<PartitionPuller['pull']>>[0]];
    let link: Buffer = FIRST_LINK;
    let at = 0n;
    for (const row of rows) {
      const taken = {
        topic,
        partition: PARTITION,
        firstOffset: BigInt(row.first_offset),
        nextOffset: BigInt(row.next_offset),
        count: row.count,
        digest: new RecordDigest().of(
          records.filter(({ offset }) => offset >= BigInt(row.first_offset) && offset < BigInt(row.next_offset)),
        ),
      };
      expect(taken.firstOffset).toBe(at);
      expect(taken.digest).toEqual(row.digest);
      link = nextLink(link, taken);
      expect(link).toEqual(row.link);
      at = taken.nextOffset;
    }
    expect(at).toBe(BigInt(records.length));
  }
  await puller.close();
});

test('the digest of records is the one its description gives', () => {
  const body = Buffer.from('what lies in the topic');
  const bytes = Buffer.concat([Buffer.from(`0000000000000102${'00000016'}`, 'hex'), body]);
  const empty = Buffer.from(`0000000000000103${'00000000'}`, 'hex');
  const digests = new RecordDigest();
  const records = [
    { offset: 258n, body },
    { offset: 259n, body: Buffer.alloc(0) },
  ];
  expect(digests.of(records)).toEqual(hash('sha256', Buffer.concat([bytes, empty]), 'buffer'));
  expect(digests.textOf(records[0]!)).toBe(hash('sha256', bytes, 'base64'));
});
