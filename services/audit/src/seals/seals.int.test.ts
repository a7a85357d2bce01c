import { randomUUID } from 'node:crypto';
import type { CaseReply, HistoryEntry, ProblemDocument, ReplyOf, readHistoryProof, SealView } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { createRecordProducer, type KafkaConnection } from '@sluice/messaging';
import { afterAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { giveKeys } from '../testing/person-keys.js';
import { LedgerAuthor, ledgerRecord, readingOf } from '../testing/records.js';
import { type Answer, AUDITOR, eventually, startAudit } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { TokenIssuer } from '../testing/token-issuer.js';

const HOUR_MS = 3_600_000;
const LANE = 1;
const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-seals-test' };
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
const author = new LedgerAuthor(LANE);

afterAll(async () => {
  await producer.close();
  await audit.close();
  await issuer.stop();
  await database.drop();
});

const DRAFTER = { sub: randomUUID(), kind: 'staff', roles: ['supervisor'] };
const APPROVER = { sub: randomUUID(), kind: 'staff', roles: ['supervisor'] };
const person = (subject: string) => ({ sub: subject, kind: 'person' });
const codeOf = ({ status, body }: Answer<unknown>) => [status, (body as ProblemDocument).code];
const inHours = (hours: number) => new Date(now().getTime() + hours * HOUR_MS).toISOString();

async function historyOf(subject: string, query = '', claims: Record<string, unknown> = person(subject)) {
  const { body } = await audit.get<{ entries: HistoryEntry[]; next?: string }>(
    `/subjects/${subject}/history${query}`,
    claims,
  );
  return body.entries;
}

/** A person of whom the court and the bank received something, in one decision. */
async function personWithUses(): Promise<{ subject: string; court: HistoryEntry; bank: HistoryEntry }> {
  const subject = randomUUID();
  await giveKeys(database.url, places.keyDir, [subject]);
  const outcomes = { 'city-court': 'delivered', 'harbour-bank': 'delivered' } as const;
  await producer.send([ledgerRecord(scope.topics.ledger, author.next([{ subject, outcomes }]))]);
  await producer.send([readingOf(scope.topics.access, LANE, { subject, by: 'agency:city-court', what: 'profile' })]);
  await eventually(
    () => historyOf(subject, '?agency=city-court'),
    ({ length }) => length === 2,
    'the uses show',
  );
  const entries = await historyOf(subject, '?kind=delivered');
  const of = (agency: string) => entries.find(({ recipient }) => recipient === agency)!;
  return { subject, court: of('city-court'), bank: of('harbour-bank') };
}

const termsFor = (subject: string, more: object = {}) => ({
  subject,
  agency: 'city-court',
  instrument: 'Criminal procedure order 2026/17',
  until: inHours(24),
  ...more,
});

const draft = (subject: string, more: object = {}) =>
  audit.send<SealView>('POST', '/seals', DRAFTER, termsFor(subject, more));

function move(seal: string, name: string, version: number, claims: Record<string, unknown> = APPROVER, body?: object) {
  return audit.send<SealView>('POST', `/seals/${seal}/${name}`, claims, body, { 'if-match': `"${version}"` });
}

async function sealed(subject: string, more: object = {}): Promise<string> {
  const { body } = await draft(subject, more);
  expect((await move(body.seal, 'approval', 1)).status).toBe(200);
  return body.seal;
}

async function exported(subject: string, format: string): Promise<string> {
  const headers = { authorization: `Bearer ${issuer.token(person(subject))}` };
  return (await fetch(`${audit.url}/subjects/${subject}/history/export?format=${format}`, { headers })).text();
}

test('a seal needs two of the staff; until then, and after a refusal, it does nothing', async () => {
  const { subject } = await personWithUses();
  const drafted = await draft(subject);
  expect(drafted).toMatchObject({ status: 201, body: { state: 'drafted', version: 1 } });
  const { seal } = drafted.body;
  expect(codeOf(await move(seal, 'approval', 1, DRAFTER))).toEqual([409, 'same-person']);
  expect(codeOf(await move(seal, 'annulment', 1, APPROVER, { reason: 'early' }))).toEqual([409, 'wrong-state']);
  expect(codeOf(await move(seal, 'approval', 9))).toEqual([412, 'stale-version']);
  expect(await historyOf(subject, '?agency=city-court')).toHaveLength(2);
  expect((await move(seal, 'refusal', 1, APPROVER, { reason: 'No such order.' })).body.state).toBe('refused');
  expect(codeOf(await move(seal, 'approval', 2))).toEqual([409, 'wrong-state']);
  expect(codeOf(await draft(subject, { until: inHours(-1) }))).toEqual([409, 'wrong-state']);
  expect(codeOf(await move(randomUUID(), 'approval', 1))).toEqual([404, 'unknown-seal']);
  for (const claims of [person(subject), { sub: 'city-court', kind: 'agency', agency: 'city-court' }]) {
    expect(codeOf(await audit.get(`/seals/${seal}`, claims))).toEqual([403, 'not-allowed']);
    expect(codeOf(await audit.send('POST', '/seals', claims, termsFor(subject)))).toEqual([403, 'not-allowed']);
  }
});

test('while it holds nothing gives the entries away: pages, filters, search, export, receipt, cases, proof', async () => {
  const { subject, court, bank } = await personWithUses();
  await sealed(subject);
  const whole = await historyOf(subject, '?limit=200');
  expect(whole.map(({ id }) => id)).toContain(bank.id);
  expect(JSON.stringify(whole)).not.toContain('city-court');
  for (const query of [
    '?agency=city-court',
    '?q=city-court',
    `?q=${court.grant}`,
    '?kind=seal',
    '?purpose=judicial-assistance',
  ]) {
    expect(await historyOf(subject, query), query).toEqual([]);
  }
  for (const format of ['csv', 'ndjson']) {
    const text = await exported(subject, format);
    expect(text).toContain('harbour-bank');
    expect(text).not.toContain('city-court');
    expect(text).not.toContain('order 2026/17');
  }
  const receiptOf = (agency: string, sequence: number) => `/deliveries/${agency}/${LANE}/${sequence}/receipt`;
  await eventually(
    () => audit.get(receiptOf('harbour-bank', bank.sequence!), person(subject)),
    ({ status }) => status === 200,
    'the bank’s delivery has a receipt',
  );
  const sealedReceipt = await audit.get<ProblemDocument>(receiptOf('city-court', court.sequence!), person(subject));
  const noReceipt = await audit.get<ProblemDocument>(receiptOf('city-court', 999), person(subject));
  expect({ ...sealedReceipt.body, instance: '' }).toEqual({ ...noReceipt.body, instance: '' });
  const raise = (entry: string) =>
    audit.send<CaseReply>('POST', `/subjects/${subject}/cases`, person(subject), {
      entry,
      kind: 'question',
      text: 'Why?',
    });
  expect(codeOf(await raise(court.id))).toEqual([404, 'unknown-entry']);
  expect((await raise(bank.id)).status).toBe(201);
  // What is asked in vain leaves no trace in one's own history that what never was would not leave.
  expect((await historyOf(subject, '?limit=200')).filter(({ kind }) => kind === 'access-refused')).toEqual([]);
  const proof = () =>
    audit.get<ReplyOf<typeof readHistoryProof>>(`/subjects/${subject}/history/proof`, person(subject));
  const { body } = await eventually(
    proof,
    (answer) => (answer.body.rows ?? []).some(({ decisions }) => decisions.length > 0),
    'the proof covers the row of the ledger',
  );
  const clear = body.rows
    .flatMap(({ head, decisions }) => [head, ...decisions])
    .filter((part) => typeof part !== 'string');
  const contents = clear.map((part) => Buffer.from((part as { content: string }).content, 'base64').toString('latin1'));
  expect(contents.some((content) => content.includes('harbour-bank'))).toBe(true);
  expect(contents.some((content) => content.includes('city-court'))).toBe(false);
  expect(body.rows.some(({ decisions }) => decisions.some((part) => typeof part === 'string'))).toBe(true);
});

test('pages keep their size and name no next one because of what is sealed', async () => {
  const subject = randomUUID();
  for (let round = 0; round < 3; round++) {
    const uses = Array.from({ length: 60 }, () => ({
      subject,
      outcomes: { 'city-court': 'delivered' as const },
      kind: 3 as const,
    }));
    await producer.send([ledgerRecord(scope.topics.ledger, author.next([...uses, { subject }]))]);
  }
  await eventually(
    () => historyOf(subject, '?kind=changed'),
    ({ length }) => length === 3,
    'all is taken in',
  );
  await eventually(
    () => historyOf(subject, '?kind=snapshot&limit=200'),
    ({ length }) => length === 180,
    'all is taken in',
  );
  await sealed(subject);
  const { body } = await audit.get<{ entries: HistoryEntry[]; next?: string }>(
    `/subjects/${subject}/history?to=${inHours(1)}&limit=3&kind=changed`,
    person(subject),
  );
  expect(body.entries).toHaveLength(3);
  expect(body.next).toBeUndefined();
  const plain = await audit.get<{ entries: HistoryEntry[]; next?: string }>(
    `/subjects/${subject}/history?limit=200`,
    person(subject),
  );
  expect(plain.body.entries.every(({ recipient }) => recipient !== 'city-court')).toBe(true);
  expect(plain.body.next).toBeUndefined();
});

test('auditors see what is sealed, marked; others’ entries and persons are as before', async () => {
  const { subject, court } = await personWithUses();
  const other = await personWithUses();
  const seal = await sealed(subject);
  const seen = await historyOf(subject, '?agency=city-court', AUDITOR);
  expect(seen.map(({ id }) => id)).toContain(court.id);
  expect(seen[0]!.sealed).toMatchObject({ seal, instrument: 'Criminal procedure order 2026/17' });
  expect(await historyOf(other.subject, '?agency=city-court')).toHaveLength(2);
  const list = await audit.get<{ seals: SealView[] }>('/seals?state=sealed&limit=200', AUDITOR);
  expect(list.body.seals.map((one) => one.seal)).toContain(seal);
});

test('at its date it shows, with when and under what it was sealed', async () => {
  const { subject, court } = await personWithUses();
  const seal = await sealed(subject, { until: inHours(2) });
  expect(await historyOf(subject, '?agency=city-court')).toEqual([]);
  aheadMs += 2 * HOUR_MS;
  const shown = await historyOf(subject, '?agency=city-court&kind=delivered');
  expect(shown.map(({ id }) => id)).toEqual([court.id]);
  expect(shown[0]!.sealed).toMatchObject({ seal, instrument: 'Criminal procedure order 2026/17' });
  const lifted = await eventually(
    () => historyOf(subject, '?kind=seal'),
    ({ length }) => length === 1,
    'the lifting shows',
  );
  expect(lifted[0]).toMatchObject({ recipient: 'city-court', actor: 'service:audit' });
  expect(lifted[0]!.detail).toContain('Criminal procedure order 2026/17');
  expect((await audit.get<SealView>(`/seals/${seal}`, AUDITOR)).body).toMatchObject({ state: 'lifted' });
});

test('an annulment lifts it at once, and a purpose or a day limits it', async () => {
  const { subject, court } = await personWithUses();
  await sealed(subject, { purpose: 'judicial-assistance' });
  // The delivery was for another purpose; the reading names none and is covered.
  expect((await historyOf(subject, '?agency=city-court')).map(({ id }) => id)).toEqual([court.id]);
  const seal = await sealed(subject, { since: new Date(Date.parse(court.at) - 1).toISOString() });
  expect(await historyOf(subject, '?agency=city-court')).toEqual([]);
  expect((await move(seal, 'annulment', 2, APPROVER, { reason: 'Lifted by the court.' })).body).toMatchObject({
    state: 'lifted',
    reason: 'Lifted by the court.',
  });
  expect((await historyOf(subject, '?agency=city-court')).map(({ id }) => id)).toContain(court.id);
  expect(codeOf(await move(seal, 'annulment', 3, APPROVER, { reason: 'Again.' }))).toEqual([409, 'wrong-state']);
});
