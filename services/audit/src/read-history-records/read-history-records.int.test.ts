import { randomUUID } from 'node:crypto';
import {
  HISTORY_TOPICS,
  type ProblemDocument,
  type ReplyOf,
  type readHistoryRecords,
  uuidBytes,
} from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import {
  type FindingCode,
  folderSource,
  parseVerifierKey,
  type RecordPage,
  type RecordSource,
  verifyHistories,
} from '@sluice/log-verifier';
import { createRecordProducer, type KafkaConnection } from '@sluice/messaging';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { grantActivated, LedgerAuthor, ledgerRecord, readingOf } from '../testing/records.js';
import { AUDITOR, eventually, startAudit } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { TokenIssuer } from '../testing/token-issuer.js';

type Page = ReplyOf<typeof readHistoryRecords>;

const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-records-test' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const issuer = await TokenIssuer.start();
const places = await ownLog(kafka, prefix);
const audit = await startAudit(issuer, { kafka, databaseUrl }, scope, places);
const producer = createRecordProducer(kafka);
const author = new LedgerAuthor(4);
const log = parseVerifierKey(await (await fetch(`${audit.url}/log/key`)).text());
const roles = Object.keys(HISTORY_TOPICS) as (keyof typeof HISTORY_TOPICS)[];
const topics = new Map(roles.map((role) => [scope.topics[role], HISTORY_TOPICS[role] as number]));

afterAll(async () => {
  await producer.close();
  await audit.close();
  await issuer.stop();
  await database.drop();
});

const records: RecordSource = async (topic, partition, from, to) => {
  const role = roles.find((one) => scope.topics[one] === topic)!;
  const path = `/history-records/${role}/${partition}?from=${from}&to=${to}`;
  const { status, body } = await audit.get<Page>(path, AUDITOR);
  if (status !== 200) throw new Error(`${path} answered ${status}`);
  const bytes = (text: string) => Buffer.from(text, 'base64');
  return {
    records: body.records.map((record) => ({
      offset: record.offset,
      body: bytes(record.body),
      rows: record.rows.map(({ index, commitment }) => ({ index, commitment: bytes(commitment) })),
    })),
    labelKeys: new Map(body.labelKeys.map(({ subject, key }) => [subject, bytes(key)])),
  };
};

const verify = (from: RecordSource = records) =>
  verifyHistories({ source: folderSource(places.log.folder), log, records: from, topics });

async function codesOf(from: RecordSource): Promise<FindingCode[]> {
  return [...new Set((await verify(from)).findings.map(({ code }) => code))];
}

/** As the operator would have to show it to hide something. */
const altered =
  (alter: (page: RecordPage, topic: string) => RecordPage): RecordSource =>
  async (topic, ...extent) =>
    alter(await records(topic, ...extent), topic);

const subject = randomUUID();

test('all that the log has of persons is in their chains, with what came twice counted once', async () => {
  const grant = grantActivated(scope.topics.consent, 4, subject);
  const batch = ledgerRecord(scope.topics.ledger, author.next([{ subject }, { subject: randomUUID() }]));
  await producer.send([grant, grant, batch, batch]);
  // What makes no row is covered with the next epoch that has one.
  await producer.send([
    { topic: scope.topics.consent, partition: 4, key: Buffer.from('x'), value: Buffer.from('{'), headers: {} },
  ]);
  // An intake that begins late would make one epoch of all of it.
  await eventually(
    () => verify().catch(() => undefined),
    (report) => (report?.rows ?? 0) >= 3,
    'a first epoch is made',
  );
  for (let i = 0; i < 3; i++) {
    const happening = { subject, outcomes: { 'harbour-bank': 'delivered', 'city-tax': 'grant-paused' } as const };
    await producer.send([
      ledgerRecord(scope.topics.ledger, author.next([{ subject: randomUUID() }, happening])),
      readingOf(scope.topics.access, i, { subject, by: 'staff:sol', what: 'profile' }),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const report = await eventually(verify, ({ rows }) => rows >= 12, 'the heads cover all of it');
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ repeats: 2, unreadable: 1 });
  expect(report.epochs).toBeGreaterThan(1);
});

test('an operator who shows an auditor less, or other, than what is in the chains is found out', async () => {
  const isLedger = (topic: string) => topic === scope.topics.ledger;
  const ledger = (alter: (page: RecordPage) => RecordPage) =>
    altered((page, topic) => (isLedger(topic) && page.records.length > 0 ? alter(page) : page));
  const first = (page: RecordPage, change: Partial<RecordPage['records'][number]>): RecordPage => ({
    ...page,
    records: [{ ...page.records[0]!, ...change }, ...page.records.slice(1)],
  });
  expect(await codesOf(ledger((page) => first(page, { rows: page.records[0]!.rows.slice(1) })))).toEqual([
    'row-missing',
    'heads-wrong',
  ]);
  const otherRow = { index: 0, commitment: Buffer.alloc(32) };
  expect(await codesOf(ledger((page) => first(page, { rows: [otherRow, page.records[0]!.rows[1]!] })))).toEqual([
    'heads-wrong',
  ]);
  const rowTooMany = { index: 9, commitment: Buffer.alloc(32) };
  expect(await codesOf(ledger((page) => first(page, { rows: [...page.records[0]!.rows, rowTooMany] })))).toEqual([
    'row-unfounded',
  ]);
  const withoutPerson = Buffer.from((await records(scope.topics.ledger, 4, 0, 1)).records[0]!.body);
  const personAt = withoutPerson.indexOf(uuidBytes(subject));
  withoutPerson.fill(0, personAt, personAt + 16);
  expect(await codesOf(ledger((page) => first(page, { body: withoutPerson })))).toContain('record-altered');
  const cutShort = withoutPerson.subarray(0, personAt);
  expect(await codesOf(ledger((page) => first(page, { body: cutShort })))).toEqual(
    expect.arrayContaining(['record-altered', 'row-unfounded']),
  );
  expect(await codesOf(ledger((page) => ({ ...page, records: page.records.slice(1) })))).not.toEqual([]);
  let calls = 0;
  const twoLabels = altered((page) => {
    calls += 1;
    const keys = [...page.labelKeys].map(([person]) => [person, Buffer.alloc(32, calls)] as const);
    return { ...page, labelKeys: new Map(keys) };
  });
  expect(await codesOf(twoLabels)).toEqual(expect.arrayContaining(['label-changed', 'heads-wrong']));
});

test('a row that was taken out of a history is found by the auditor, whatever the person is shown', async () => {
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  await admin.query(
    'delete from audit.history where subject = $1 and ref = (select max(ref) from audit.history where subject = $1 and ref < (2::bigint << 60))',
    [subject],
  );
  await admin.end();
  expect(await codesOf(records)).toEqual(['row-missing', 'heads-wrong']);
});

test('only auditors, and what they read is on record', async () => {
  const asked = (claims?: Record<string, unknown>) =>
    audit.get<ProblemDocument>('/history-records/ledger/4?to=5', claims);
  expect((await asked({ sub: subject, kind: 'person' })).body.code).toBe('not-allowed');
  expect((await asked()).body.code).toBe('token-missing');
  const beyond = await audit.get<ProblemDocument>('/history-records/ledger/4?from=1000&to=1001', AUDITOR);
  expect(beyond.body.code).toBe('not-ready');
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  const { rows } = await admin.query(
    "select convert_from(payload, 'utf8') as payload from audit.event where type like '%administered%' limit 1",
  );
  await admin.end();
  expect(JSON.parse(rows[0].payload)).toMatchObject({ by: `staff:${AUDITOR.sub}`, act: 'readHistoryRecords' });
});
