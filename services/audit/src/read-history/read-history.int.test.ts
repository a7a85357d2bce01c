import { randomUUID } from 'node:crypto';
import { type HistoryEntry, historyEntry, type ProblemDocument } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { createRecordProducer, type KafkaConnection } from '@sluice/messaging';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { grantActivated, type Happening, LedgerAuthor, ledgerRecord } from '../testing/records.js';
import { AUDITOR, eventually, startAudit } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { TokenIssuer } from '../testing/token-issuer.js';
import { PAGE_OF_HISTORY } from './histories.js';

interface HistoryPage {
  subject: string;
  entries: HistoryEntry[];
  next?: string;
}

const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-history-test' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const issuer = await TokenIssuer.start();
const audit = await startAudit(issuer, { kafka, databaseUrl }, scope, await ownLog(kafka, prefix));
const producer = createRecordProducer(kafka);
const author = new LedgerAuthor(1);

afterAll(async () => {
  await producer.close();
  await audit.close();
  await issuer.stop();
  await database.drop();
});

const person = (subject: string) => ({ sub: subject, kind: 'person' });

function pageOf(subject: string, query = '', as: Record<string, unknown> = person(subject)) {
  return audit.get<HistoryPage>(`/subjects/${subject}/history${query}`, as);
}

async function publish(...happenings: Happening[]): Promise<void> {
  await producer.send([ledgerRecord(scope.topics.ledger, author.next(happenings))]);
}

/** The history as the auditor reads it, once it has so many lines (besides those of reading it). */
async function historyOf(subject: string, lines: number): Promise<HistoryEntry[]> {
  const withoutReading = ({ kind }: HistoryEntry) => kind !== 'read';
  const read = async () => (await pageOf(subject, '?limit=200', AUDITOR)).body.entries.filter(withoutReading);
  return eventually(read, ({ length }) => length === lines, `the history has ${lines} lines`);
}

test('a person sees who received what, when, why and under which grant, newest first', async () => {
  const subject = randomUUID();
  await producer.send([grantActivated(scope.topics.consent, 1, subject, new Date(Date.now() - 5_000))]);
  await publish({ subject, outcomes: { 'harbour-bank': 'delivered', 'beacon-credit': 'accreditation-narrower' } });
  await historyOf(subject, 4);
  const { status, body } = await pageOf(subject);
  expect(status).toBe(200);
  const lines = body.entries.filter(({ kind }) => kind !== 'read');
  for (const line of lines) expect(() => historyEntry.parse(line)).not.toThrow();
  expect(lines).toMatchObject([
    {
      kind: 'delivered',
      actor: `person:${subject}`,
      recipient: 'harbour-bank',
      attributes: ['mobilePhone'],
      purpose: 'kyc-refresh',
      basis: 'consent',
      outcome: 'delivered',
      lane: 1,
      sequence: expect.any(Number),
    },
    { kind: 'refused', recipient: 'beacon-credit', outcome: 'accreditation-narrower' },
    { kind: 'changed', actor: `person:${subject}`, attributes: ['mobilePhone', 'employer'] },
    {
      kind: 'grant',
      actor: `person:${subject}`,
      recipient: 'harbour-bank',
      detail: 'grant-activated',
      grantVersion: 2,
    },
  ]);
  expect(new Set(body.entries.map(({ id }) => id)).size).toBe(body.entries.length);
  const times = body.entries.map(({ at }) => at);
  expect(times).toEqual(times.toSorted().reverse());
});

test('pages never shift because of later entries', async () => {
  const subject = randomUUID();
  for (let i = 0; i < 5; i++) {
    const changes = Array.from({ length: 10 }, () => ({ subject, outcomes: { 'harbour-bank': 'delivered' as const } }));
    await publish(...changes);
  }
  const whole = (await historyOf(subject, 100)).map(({ id }) => id);
  const gathered: string[] = [];
  let query = '?limit=7&agency=harbour-bank&kind=delivered';
  for (;;) {
    const { entries, next } = (await pageOf(subject, query)).body;
    gathered.push(...entries.map(({ id }) => id));
    if (next === undefined) break;
    query = `?limit=7&agency=harbour-bank&kind=delivered&cursor=${next}`;
    await publish({ subject, outcomes: { 'harbour-bank': 'delivered' } });
  }
  const delivered = whole.filter((id) => !id.endsWith('.0'));
  expect(gathered).toEqual(delivered);

  const unfiltered: string[] = [];
  let next: string | undefined;
  do {
    const page: HistoryPage = (await pageOf(subject, `?limit=13${next ? `&cursor=${next}` : ''}`)).body;
    unfiltered.push(...page.entries.map(({ id }) => id));
    next = page.next;
  } while (next !== undefined);
  expect(new Set(unfiltered).size).toBe(unfiltered.length);
  expect(unfiltered).toEqual(expect.arrayContaining(whole));
});

test('filters by kind and by agency', async () => {
  const subject = randomUUID();
  await publish({ subject, outcomes: { 'harbour-bank': 'delivered', 'city-tax': 'grant-paused' } });
  await historyOf(subject, 3);
  const kinds = async (query: string) => (await pageOf(subject, query)).body.entries.map(({ kind }) => kind);
  expect(await kinds('?agency=city-tax')).toEqual(['refused']);
  expect(await kinds('?kind=changed')).toEqual(['changed']);
  expect(await kinds('?kind=changed&agency=city-tax')).toEqual([]);
});

test('reading a history is itself in the history', async () => {
  const subject = randomUUID();
  expect((await pageOf(subject, '', AUDITOR)).body).toEqual({ subject, entries: [] });
  const read = await eventually(
    async () => (await pageOf(subject, '?kind=read')).body.entries,
    (entries) => entries.some(({ actor }) => actor === `staff:${AUDITOR.sub}`),
    'the reading shows',
  );
  expect(read.at(-1)).toMatchObject({ kind: 'read', actor: `staff:${AUDITOR.sub}`, detail: 'history' });
});

test('another person’s history is not there, and its owner learns who asked', async () => {
  const [subject, curious] = [randomUUID(), randomUUID()];
  const refused = await audit.get<ProblemDocument>(`/subjects/${subject}/history`, person(curious));
  expect(refused).toMatchObject({ status: 404, body: { code: 'not-found' } });
  const entries = await eventually(
    async () => (await pageOf(subject, '?kind=access-refused')).body.entries,
    ({ length }) => length === 1,
    'the refusal shows',
  );
  expect(entries[0]).toMatchObject({ actor: `person:${curious}`, detail: 'readHistory: not-found' });
});

test('what does not follow the contract is refused', async () => {
  const subject = randomUUID();
  const code = async (path: string, claims?: Record<string, unknown>) =>
    (await audit.get<ProblemDocument>(path, claims)).body.code;
  expect(await code(`/subjects/${subject}/history?cursor=abc`, person(subject))).toBe('validation-failed');
  expect(await code(`/subjects/${subject}/history?limit=0`, person(subject))).toBe('validation-failed');
  expect(await code(`/subjects/${subject}/history`)).toBe('token-missing');
  const agency = { sub: 'harbour-bank', kind: 'agency', agency: 'harbour-bank' };
  expect(await code(`/subjects/${subject}/history`, agency)).toBe('not-allowed');
});

test('what cannot be recorded is not answered', async () => {
  const subject = randomUUID();
  await publish({ subject });
  await historyOf(subject, 1);
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  const role = new URL(databaseUrl).username;
  await admin.query(`revoke insert on audit.event from ${role}`);
  try {
    const refused = await audit.get<ProblemDocument>(`/subjects/${subject}/history`, person(subject));
    expect(refused).toMatchObject({ status: 503, body: { code: 'cannot-record' } });
    expect(JSON.stringify(refused.body)).not.toContain('changed');
  } finally {
    await admin.query(`grant insert on audit.event to ${role}`);
    await admin.end();
  }
});

test('filters by attribute, purpose, outcome and time, and searches codes and labels of both languages', async () => {
  const subject = randomUUID();
  await publish({ subject, outcomes: { 'harbour-bank': 'delivered', 'city-tax': 'grant-paused' } });
  await historyOf(subject, 3);
  const kinds = async (query: string) =>
    (await pageOf(subject, query)).body.entries.map(({ kind }) => kind).filter((kind) => kind !== 'read');
  expect(await kinds('?attribute=employer')).toEqual(['changed']);
  expect(await kinds('?purpose=kyc-refresh')).toEqual(['delivered', 'refused']);
  expect(await kinds('?outcome=grant-paused')).toEqual(['refused']);
  expect(await kinds('?q=HARBOUR')).toEqual(['delivered']);
  expect(await kinds(`?q=${encodeURIComponent('授权已暂停')}`)).toEqual(['refused']);
  expect(await kinds('?q=employer&kind=refused')).toEqual([]);
  const at = (await pageOf(subject, '?kind=changed')).body.entries[0]!.at;
  const next = new Date(Date.parse(at) + 1).toISOString();
  expect(await kinds(`?from=${at}&to=${next}`)).toHaveLength(3);
  expect(await kinds(`?to=${at}`)).toEqual([]);
  expect(await kinds(`?from=${next}`)).toEqual([]);
});

test('an entry says in words of either language what happened, over which channel, and where its grant is', async () => {
  const subject = randomUUID();
  await publish({ subject, outcomes: { 'harbour-bank': 'delivered' } });
  await historyOf(subject, 2);
  const line = async (query: string, language?: string) => {
    const headers = { ...(language !== undefined && { 'accept-language': language }) };
    const { body } = await audit.get<HistoryPage>(`/subjects/${subject}/history${query}`, person(subject), headers);
    return body.entries.find(({ kind }) => kind === 'delivered')!;
  };
  const english = await line('');
  expect(english).toMatchObject({
    channel: 'feed',
    labels: {
      text: 'harbour-bank received: Mobile phone',
      purpose: 'Know-your-customer refresh',
      basis: 'your consent',
    },
  });
  expect(english.links).toEqual({
    grant: `/grants/${english.grant}`,
    receipt: `/deliveries/harbour-bank/1/${english.sequence}/receipt`,
  });
  const chinese = { text: 'harbour-bank 收到：手机号码', purpose: '客户身份信息更新', basis: '本人同意' };
  expect((await line('', 'zh-CN,en;q=0.5')).labels).toMatchObject(chinese);
  expect((await line('?lang=zh', 'en')).labels).toMatchObject(chinese);
});

test('the cursor of another person, or one that was tampered with, is no cursor', async () => {
  const [subject, other] = [randomUUID(), randomUUID()];
  await publish({ subject, outcomes: { 'harbour-bank': 'delivered' } }, { subject: other });
  await historyOf(subject, 2);
  const { next } = (await pageOf(subject, '?limit=1')).body;
  expect(next).toBeDefined();
  expect((await pageOf(subject, `?cursor=${next}`)).status).toBe(200);
  const tampered = next!.slice(0, -2) + (next!.endsWith('AA') ? 'BB' : 'AA');
  for (const query of [`/subjects/${other}/history?cursor=${next}`, `/subjects/${other}/history?cursor=${tampered}`]) {
    expect(await audit.get(query, person(other))).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
  }
});

test('a page is read over the primary key alone', async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`insert into audit.history
    select gen_random_uuid(), now() - i * interval '1 s', i, '\\x01' from generate_series(1, 20000) i`);
  await client.query('analyze audit.history');
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${PAGE_OF_HISTORY}`, [
    randomUUID(),
    new Date(),
    '5',
    new Date(0),
    51,
  ]);
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('Index Scan Backward using history_pkey');
  // All three conditions bound the scan of the index; nothing is read only to be thrown away.
  expect(plan).toMatch(/Index Cond: .*subject = .*ROW.*at >= /);
  expect(plan).not.toMatch(/Sort|Seq Scan|Filter/);
  const { rows: indexes } = await client.query("select indexname from pg_indexes where tablename = 'history'");
  expect(indexes).toEqual([{ indexname: 'history_pkey' }]);
  await client.end();
});
