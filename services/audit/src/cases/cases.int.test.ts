import { randomUUID } from 'node:crypto';
import type { CaseReply, CaseView, HistoryEntry, listCases, ProblemDocument, ReplyOf } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { createRecordProducer, type KafkaConnection } from '@sluice/messaging';
import { FileKeyProvider, PairwiseIds } from '@sluice/vault';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { giveKeys } from '../testing/person-keys.js';
import { LedgerAuthor, ledgerRecord } from '../testing/records.js';
import { type Answer, AUDITOR, eventually, startAudit } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { TokenIssuer } from '../testing/token-issuer.js';

const DAY_MS = 86_400_000;
const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-cases-test' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const issuer = await TokenIssuer.start();
const places = await ownLog(kafka, prefix);
let aheadMs = 0;
const now = () => new Date(Date.now() + aheadMs);
const audit = await startAudit(issuer, { kafka, databaseUrl }, { ...scope, now }, places);
const producer = createRecordProducer(kafka);
const author = new LedgerAuthor(1);
const aliases = await PairwiseIds.create(await FileKeyProvider.open(places.keyDir));
const admin = new pg.Pool({ connectionString: database.url, max: 1 });

afterAll(async () => {
  await producer.close();
  await audit.close();
  await issuer.stop();
  await admin.end();
  await database.drop();
});

const BANK = { sub: 'harbour-bank', kind: 'agency', agency: 'harbour-bank' };
const BUREAU = { sub: 'beacon-credit', kind: 'agency', agency: 'beacon-credit' };
const SUPERVISOR = { sub: randomUUID(), kind: 'staff', roles: ['supervisor'] };
const person = (subject: string) => ({ sub: subject, kind: 'person' });
const match = (version: number) => ({ 'if-match': `"${version}"` });

/** A person with a delivery to harbour-bank in the history. */
async function personWithDelivery(): Promise<{ subject: string; entry: HistoryEntry }> {
  const subject = randomUUID();
  await giveKeys(database.url, places.keyDir, [subject]);
  await producer.send([
    ledgerRecord(scope.topics.ledger, author.next([{ subject, outcomes: { 'harbour-bank': 'delivered' } }])),
  ]);
  const entries = await eventually(
    () => historyOf(subject, '?kind=delivered'),
    ({ length }) => length === 1,
    'the delivery shows',
  );
  return { subject, entry: entries[0]! };
}

async function historyOf(subject: string, query: string): Promise<HistoryEntry[]> {
  return (await audit.get<{ entries: HistoryEntry[] }>(`/subjects/${subject}/history${query}`, person(subject))).body
    .entries;
}

function raise(
  subject: string,
  entry: string,
  text = 'Why do you need my number?',
  more: { kind?: string; key?: string } = {},
) {
  const { kind = 'question', key = randomUUID() } = more;
  const body = { entry, kind, text };
  return audit.send<CaseReply>('POST', `/subjects/${subject}/cases`, person(subject), body, { 'idempotency-key': key });
}

function move(
  id: string,
  name: string,
  claims: Record<string, unknown>,
  version: number,
  body?: object,
  key = randomUUID(),
) {
  const headers = { ...match(version), 'idempotency-key': key };
  return audit.send<CaseReply>('POST', `/cases/${id}/${name}`, claims, body, headers);
}

const codeOf = ({ status, body }: Answer<unknown>) => [status, (body as ProblemDocument).code];

test('a question goes to the agency, is answered, brought before the centre and decided, each step in the history', async () => {
  const { subject, entry } = await personWithDelivery();
  const raised = await raise(subject, entry.id, 'Why do you need my number?', { kind: 'objection' });
  expect(raised).toMatchObject({
    status: 201,
    body: { state: 'open', agency: 'harbour-bank', version: 1, overdue: false },
  });
  const { case: id, answerBy } = raised.body;
  expect(Date.parse(answerBy!) - Date.now()).toBeGreaterThan(29 * DAY_MS);

  const alias = aliases.toPairwise('harbour-bank', subject);
  const asked = await audit.get<CaseView>(`/cases/${id}`, BANK);
  expect(asked.body).toMatchObject({ subject: alias, texts: { question: 'Why do you need my number?' } });
  expect(asked.body.entry).toMatchObject({ kind: 'delivered', sequence: entry.sequence, grant: entry.grant });
  expect(JSON.stringify(asked.body)).not.toContain(subject);
  expect(asked.body.entry).not.toHaveProperty('id');

  expect((await move(id, 'answer', BANK, 1, { text: 'To reach you about your account.' })).body).toMatchObject({
    state: 'answered',
    version: 2,
  });
  expect((await move(id, 'escalation', person(subject), 2, { text: 'That is no answer.' })).body.state).toBe(
    'escalated',
  );
  const atCentre = await audit.get<CaseView>(`/cases/${id}`, SUPERVISOR);
  expect(atCentre.body.texts).toEqual({
    question: 'Why do you need my number?',
    answer: 'To reach you about your account.',
    escalation: 'That is no answer.',
  });
  const decided = await move(id, 'decision', SUPERVISOR, 3, {
    outcome: 'upheld',
    text: 'The bank deletes the number.',
  });
  expect(decided.body).toMatchObject({ state: 'upheld', version: 4 });
  const mine = await audit.get<CaseView>(`/cases/${id}`, person(subject));
  expect(mine.body).toMatchObject({ state: 'upheld', texts: { decision: 'The bank deletes the number.' } });
  const theirs = await audit.get<CaseView>(`/cases/${id}`, BANK);
  expect(theirs.body.texts).not.toHaveProperty('escalation');
  expect(theirs.body.texts.decision).toBe('The bank deletes the number.');

  const steps = await eventually(
    () => historyOf(subject, '?kind=case'),
    ({ length }) => length === 4,
    'the steps show',
  );
  expect(steps.map(({ detail }) => detail)).toEqual([
    'objection: case-decided',
    'objection: case-escalated',
    'objection: case-answered',
    'objection: case-raised',
  ]);
  expect(steps[0]).toMatchObject({ case: id, actor: `staff:${SUPERVISOR.sub}`, links: { case: `/cases/${id}` } });
});

test('an accepted answer closes a case, and nothing moves it any more', async () => {
  const { subject, entry } = await personWithDelivery();
  const { case: id } = (await raise(subject, entry.id)).body;
  expect(codeOf(await move(id, 'acceptance', person(subject), 1))).toEqual([409, 'wrong-state']);
  expect(codeOf(await move(id, 'escalation', person(subject), 1, {}))).toEqual([409, 'wrong-state']);
  expect(codeOf(await move(id, 'decision', SUPERVISOR, 1, { outcome: 'upheld', text: 'Yes.' }))).toEqual([
    409,
    'wrong-state',
  ]);
  await move(id, 'answer', BANK, 1, { text: 'Because of the law.' });
  expect(codeOf(await move(id, 'acceptance', person(subject), 1))).toEqual([412, 'stale-version']);
  expect((await move(id, 'acceptance', person(subject), 2)).body.state).toBe('accepted');
  expect(codeOf(await move(id, 'answer', BANK, 3, { text: 'And another thing.' }))).toEqual([409, 'wrong-state']);
  expect(codeOf(await move(id, 'escalation', person(subject), 3, {}))).toEqual([409, 'wrong-state']);
});

test('nobody learns of, reads or moves another’s case, and its person sees who tried', async () => {
  const { subject, entry } = await personWithDelivery();
  const stranger = person(randomUUID());
  const { case: id } = (await raise(subject, entry.id)).body;
  const unknown = randomUUID();
  for (const guess of [id, unknown]) {
    expect(codeOf(await audit.get(`/cases/${guess}`, BUREAU))).toEqual([404, 'unknown-case']);
    expect(codeOf(await audit.get(`/cases/${guess}`, stranger))).toEqual([404, 'unknown-case']);
    expect(codeOf(await move(guess, 'answer', BUREAU, 1, { text: 'We are the bank.' }))).toEqual([404, 'unknown-case']);
    expect(codeOf(await move(guess, 'acceptance', stranger, 1))).toEqual([404, 'unknown-case']);
  }
  expect(codeOf(await move(id, 'answer', person(subject), 1, { text: 'abc' }))).toEqual([403, 'not-allowed']);
  expect(codeOf(await move(id, 'decision', BANK, 1, { outcome: 'dismissed', text: 'abc' }))).toEqual([
    403,
    'not-allowed',
  ]);
  const list = async (claims: Record<string, unknown>, query = '') =>
    (await audit.get<ReplyOf<typeof listCases>>(`/cases?limit=200${query}`, claims)).body.cases.map((one) => one.case);
  expect(await list(BUREAU)).toEqual([]);
  expect(await list(BUREAU, '&agency=harbour-bank')).toEqual([]);
  expect(await list(stranger)).toEqual([]);
  expect(await list(person(subject))).toEqual([id]);
  expect(await list(BANK)).toContain(id);
  expect(await list(SUPERVISOR, '&agency=harbour-bank')).toContain(id);
  const refusals = await eventually(
    () => historyOf(subject, '?kind=access-refused'),
    ({ length }) => length === 4,
    'the attempts show',
  );
  expect(new Set(refusals.map(({ actor }) => actor))).toEqual(
    new Set(['agency:beacon-credit', `person:${stranger.sub}`]),
  );
});

test('a case is raised on an entry of one’s own history only', async () => {
  const { subject, entry } = await personWithDelivery();
  const other = await personWithDelivery();
  expect(codeOf(await raise(other.subject, entry.id))).toEqual([404, 'unknown-entry']);
  for (const id of ['', 'x', `${entry.id}0`, entry.id.replace(/\.[^.]*$/, '.0000000000001')]) {
    expect((await raise(subject, id)).status).toBe(404);
  }
  const body = { entry: entry.id, kind: 'question', text: 'Mine?' };
  expect(codeOf(await audit.send('POST', `/subjects/${subject}/cases`, person(other.subject), body))).toEqual([
    404,
    'not-found',
  ]);
  expect(codeOf(await audit.send('POST', `/subjects/${subject}/cases`, BANK, body))).toEqual([403, 'not-allowed']);
});

test('a repeated command acts once, under another body it is refused, and without preconditions nothing moves', async () => {
  const { subject, entry } = await personWithDelivery();
  const key = randomUUID();
  const first = await raise(subject, entry.id, 'Once only, please.', { key });
  expect((await raise(subject, entry.id, 'Once only, please.', { key })).body).toEqual(first.body);
  expect(codeOf(await raise(subject, entry.id, 'Something else.', { key }))).toEqual([422, 'idempotency-mismatch']);
  const { body } = await audit.get<ReplyOf<typeof listCases>>('/cases', person(subject));
  expect(body.cases).toHaveLength(1);
  const { case: id } = first.body;
  const answerKey = randomUUID();
  const answered = await move(id, 'answer', BANK, 1, { text: 'An answer.' }, answerKey);
  expect(await move(id, 'answer', BANK, 1, { text: 'An answer.' }, answerKey)).toEqual(answered);
  // Another principal's use of the same key is a command of its own.
  expect(codeOf(await move(id, 'answer', BUREAU, 1, { text: 'An answer.' }, answerKey))).toEqual([404, 'unknown-case']);
  const withoutMatch = await audit.send('POST', `/cases/${id}/acceptance`, person(subject));
  expect(codeOf(withoutMatch)).toEqual([428, 'if-match-required']);
  const { rows } = await admin.query(
    `select count(*)::int as count from audit.idempotency where reply::text like '%answer.%'`,
  );
  expect(rows[0]).toEqual({ count: 0 });
});

test('what was written is nowhere in clear, and goes with the person', async () => {
  const { subject, entry } = await personWithDelivery();
  const secret = 'kingfisher-7731';
  const { case: id } = (await raise(subject, entry.id, secret)).body;
  for (const table of ['event', 'stream_state', 'idempotency', 'case_file', 'history']) {
    const { rows } = await admin.query(
      `select count(*)::int as count from audit.${table} t where t::text like '%' || $1 || '%' or t::text like '%' || encode($1::bytea, 'hex') || '%'`,
      [secret],
    );
    expect(rows[0], table).toEqual({ count: 0 });
  }
  await admin.query('update vault.data_key set wrapped = null, destroyed_at = now() where subject = $1', [subject]);
  expect((await audit.get<CaseView>(`/cases/${id}`, person(subject))).body.texts).toEqual({});
  expect(codeOf(await move(id, 'answer', BANK, 1, { text: 'Too late.' }))).toEqual([404, 'unknown-subject']);
  expect(codeOf(await raise(subject, entry.id))).toEqual([404, 'unknown-subject']);
});

test('an overdue answer is marked once, counts, and opens the way to the centre', async () => {
  const { subject, entry } = await personWithDelivery();
  const { case: id } = (await raise(subject, entry.id)).body;
  const before = (await audit.get<ReplyOf<typeof listCases>>('/cases?overdue=true', person(subject))).body;
  expect(before).toEqual({ cases: [], overdue: 0 });
  aheadMs = 16 * DAY_MS;
  const late = () => audit.get<ReplyOf<typeof listCases>>('/cases?overdue=true', person(subject));
  const { body } = await eventually(
    late,
    ({ body }) => body.overdue === 1 && body.cases.length === 1,
    'the deadline passed',
  );
  expect(body.cases).toMatchObject([{ case: id, state: 'open', overdue: true, version: 2 }]);
  expect((await audit.get<ReplyOf<typeof listCases>>('/cases', BANK)).body.overdue).toBeGreaterThan(0);
  const steps = await eventually(
    () => historyOf(subject, '?kind=case'),
    ({ length }) => length === 2,
    'it is on record',
  );
  expect(steps[0]).toMatchObject({
    detail: 'question: case-overdue',
    actor: 'service:audit',
    recipient: 'harbour-bank',
  });
  expect((await move(id, 'escalation', person(subject), 2, {})).body).toMatchObject({
    state: 'escalated',
    overdue: false,
  });
  aheadMs = 40 * DAY_MS;
  const atCentre = () => audit.get<ReplyOf<typeof listCases>>('/cases?overdue=true&state=escalated', person(subject));
  await eventually(atCentre, ({ body }) => body.cases.length === 1, 'the centre is late too');
  aheadMs = 0;
});

test('lists are ranges of an index', async () => {
  const client = await admin.connect();
  await client.query(`insert into audit.case_file
    (case_id, subject, agency, kind, version, state, overdue, raised_at, entry, question)
    select gen_random_uuid(), gen_random_uuid(), 'agency-' || i % 50, 'question', 1, 'open', false, now() - i * interval '1 s', '{}', ''
    from generate_series(1, 20000) i`);
  await client.query('analyze audit.case_file');
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(
    `explain select case_id from audit.case_file where agency = 'agency-1' and (raised_at, case_id) < (now(), gen_random_uuid())
     order by raised_at desc, case_id desc limit 51`,
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('case_file_agency');
  expect(plan).not.toMatch(/Sort|Seq Scan/);
  client.release();
});

test('staff who only audit read, and move nothing', async () => {
  const { subject, entry } = await personWithDelivery();
  const { case: id } = (await raise(subject, entry.id)).body;
  expect((await audit.get(`/cases/${id}`, AUDITOR)).status).toBe(200);
  expect(codeOf(await move(id, 'decision', AUDITOR, 1, { outcome: 'upheld', text: 'abc' }))).toEqual([
    403,
    'not-allowed',
  ]);
});
