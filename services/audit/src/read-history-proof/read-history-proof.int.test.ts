import { randomUUID } from 'node:crypto';
import type { HistoryProof, ProblemDocument, ReplyOf, readHistoryProof } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { parseVerifierKey, verifyHistory } from '@sluice/log-verifier';
import { createRecordProducer, type KafkaConnection } from '@sluice/messaging';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { grantActivated, type Happening, LedgerAuthor, ledgerRecord } from '../testing/records.js';
import { AUDITOR, eventually, startAudit } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { TokenIssuer } from '../testing/token-issuer.js';

type Page = ReplyOf<typeof readHistoryProof>;

const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-proof-test' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const issuer = await TokenIssuer.start();
const places = await ownLog(kafka, prefix);
const audit = await startAudit(issuer, { kafka, databaseUrl }, scope, places);
const producer = createRecordProducer(kafka);
const authors = [0, 1, 2, 3, 4, 5].map((partition) => new LedgerAuthor(partition));
const log = parseVerifierKey(await (await fetch(`${audit.url}/log/key`)).text());

afterAll(async () => {
  await producer.close();
  await audit.close();
  await issuer.stop();
  await database.drop();
});

const person = (subject: string) => ({ sub: subject, kind: 'person' });

async function publish(partition: number, ...happenings: Happening[]): Promise<void> {
  await producer.send([ledgerRecord(scope.topics.ledger, authors[partition]!.next(happenings))]);
}

async function proofOf(subject: string, as: Record<string, unknown> = AUDITOR): Promise<HistoryProof> {
  const path = `/subjects/${subject}/history/proof`;
  const { status, body } = await audit.get<Page>(path, as);
  if (status !== 200) throw new Error(`${path} answered ${status}`);
  const rows = [...body.rows];
  for (let next = body.next; next !== undefined; ) {
    const page = (await audit.get<Page>(`${path}?after=${next}`, as)).body;
    rows.push(...page.rows);
    next = page.next;
  }
  return { format: 'sluice-history-proof-1', subject, head: body.head!, rows };
}

/** Once the heads count so many rows of the ledger and of consent. */
async function provenOnce(subject: string, count: number): Promise<HistoryProof> {
  const ready = await eventually(
    async () => (await audit.get<Page>(`/subjects/${subject}/history/proof`, AUDITOR)).status,
    (status) => status === 200,
    'there is an epoch',
  );
  expect(ready).toBe(200);
  return eventually(
    () => proofOf(subject),
    ({ rows }) => rows.filter(({ topic }) => topic !== 3).length === count,
    `${count} rows are proven`,
  );
}

const verify = (proof: HistoryProof, earlier?: HistoryProof) =>
  verifyHistory({
    file: JSON.stringify(proof),
    log,
    ...(earlier !== undefined && { earlier: JSON.stringify(earlier) }),
  });

test('a history over several topics and epochs is proven complete, and leaving out any entry is found', async () => {
  const [subject, other] = [randomUUID(), randomUUID()];
  await producer.send([grantActivated(scope.topics.consent, 1, subject)]);
  await publish(
    1,
    { subject, outcomes: { 'harbour-bank': 'delivered', 'city-tax': 'grant-paused' } },
    { subject: other },
  );
  const earlier = await provenOnce(subject, 2);
  expect(verify(earlier)).toMatchObject({ subject, findings: [], withheld: 0 });
  const outcomes = { 'harbour-bank': 'delivered', 'city-tax': 'delivered', a: 'delivered', b: 'delivered' } as const;
  for (let i = 0; i < 4; i++) await publish(1, { subject: other }, { subject, outcomes }, { subject });
  const proof = await provenOnce(subject, 10);
  const report = verify(proof, earlier);
  expect(report.findings).toEqual([]);
  expect(report.rows).toBe(proof.rows.length);
  expect(report.epoch!.madeAt).toBeGreaterThan(Date.now() - 60_000);
  for (let i = 0; i < proof.rows.length; i++) {
    const without = { ...proof, rows: proof.rows.toSpliced(i, 1) };
    expect(verify(without).findings, `without row ${i}`).toMatchObject([{ code: 'history-incomplete' }]);
  }
});

test('a person without a history is proven to have none', async () => {
  const [someone, nobody] = [randomUUID(), randomUUID()];
  await publish(2, { subject: someone });
  const proof = await provenOnce(someone, 1);
  const empty = await proofOf(nobody);
  expect(empty.rows).toEqual([]);
  expect(verify(empty).findings).toEqual([]);
  expect(verify({ ...proof, rows: [], head: { ...proof.head, strands: [] } }).findings).toMatchObject([
    { code: 'head-wrong' },
  ]);
});

test('only the person and auditors get it; that it was read, or refused, is in the history', async () => {
  const [subject, curious] = [randomUUID(), randomUUID()];
  await publish(3, { subject });
  await provenOnce(subject, 1);
  const refused = await audit.get<ProblemDocument>(`/subjects/${subject}/history/proof`, person(curious));
  expect(refused).toMatchObject({ status: 404, body: { code: 'not-found' } });
  expect(verify(await proofOf(subject, person(subject))).findings).toEqual([]);
  const proven = await eventually(
    () => proofOf(subject),
    ({ rows }) =>
      rows.some(
        ({ head }) =>
          typeof head !== 'string' && Buffer.from(head.content, 'base64').includes('readHistoryProof: not-found'),
      ),
    'the refusal is proven',
  );
  expect(verify(proven).findings).toEqual([]);
});

test('a row that is altered or gone in the database is found by the person', async () => {
  const subject = randomUUID();
  await publish(4, { subject }, { subject, outcomes: { 'harbour-bank': 'delivered' } }, { subject });
  expect(verify(await provenOnce(subject, 3)).findings).toEqual([]);
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  await admin.query(
    'delete from audit.history where (subject, ref) in (select subject, ref from audit.history where subject = $1 order by ref limit 1)',
    [subject],
  );
  await admin.end();
  expect(verify(await proofOf(subject)).findings).toMatchObject([{ code: 'history-incomplete' }]);
});

test('a long history comes in pages of one epoch, whatever happens meanwhile', async () => {
  const subject = randomUUID();
  for (let i = 0; i < 5; i++) await publish(5, ...Array.from({ length: 250 }, () => ({ subject })));
  await provenOnce(subject, 1_250);
  const first = (await audit.get<Page>(`/subjects/${subject}/history/proof`, AUDITOR)).body;
  expect(first.rows).toHaveLength(1_000);
  await publish(5, { subject });
  await provenOnce(subject, 1_251);
  const second = (await audit.get<Page>(`/subjects/${subject}/history/proof?after=${first.next}`, AUDITOR)).body;
  const proof: HistoryProof = {
    format: 'sluice-history-proof-1',
    subject,
    head: first.head!,
    rows: [...first.rows, ...second.rows],
  };
  expect(second.head).toBeUndefined();
  expect(verify(proof).findings).toEqual([]);
});
