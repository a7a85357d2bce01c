import { randomUUID } from 'node:crypto';
import { type ProblemDocument, type ReplyOf, readAgencyHistory } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { createRecordProducer, type KafkaConnection } from '@sluice/messaging';
import { FileKeyProvider, PairwiseIds } from '@sluice/vault';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { grantActivated, LedgerAuthor, ledgerRecord, readingOf } from '../testing/records.js';
import { AUDITOR, eventually, startAudit } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { TokenIssuer } from '../testing/token-issuer.js';
import { PAGE_OF_ACTIVITY } from './agency-histories.js';

const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-agency-history' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const issuer = await TokenIssuer.start();
const places = await ownLog(kafka, prefix);
const audit = await startAudit(issuer, { kafka, databaseUrl }, scope, places);
const producer = createRecordProducer(kafka);
const aliases = await PairwiseIds.create(await FileKeyProvider.open(places.keyDir));
const subjects = Array.from({ length: 30 }, () => randomUUID());

afterAll(async () => {
  await producer.close();
  await audit.close();
  await issuer.stop();
  await database.drop();
});

type Page = ReplyOf<typeof readAgencyHistory>;
const agency = (code: string) => ({ sub: code, kind: 'agency', agency: code });
const pageOf = (code: string, query = '', as: Record<string, unknown> = agency(code)) =>
  audit.get<Page>(`/agencies/${code}/history${query}`, as);

async function all(code: string, query = ''): Promise<Page['entries']> {
  const entries: Page['entries'] = [];
  let next: string | undefined;
  do {
    const { body }: { body: Page } = await pageOf(code, `?limit=7${query}${next ? `&cursor=${next}` : ''}`);
    entries.push(...body.entries);
    next = body.next;
  } while (next !== undefined);
  return entries;
}

test('an agency sees all it did and received, of every person, by its own names for them', async () => {
  const [first, second] = [new LedgerAuthor(1), new LedgerAuthor(4)];
  await producer.send([grantActivated(scope.topics.consent, 1, subjects[0]!, new Date(Date.now() - 60_000))]);
  await producer.send([
    readingOf(scope.topics.access, 2, { subject: subjects[1]!, by: 'agency:harbour-bank', what: 'profile' }),
  ]);
  for (const [author, own] of [
    [first, subjects.slice(0, 15)],
    [second, subjects.slice(15)],
  ] as const) {
    const happenings = own.map((subject) => ({
      subject,
      outcomes: { 'harbour-bank': 'delivered', 'beacon-credit': 'grant-paused' } as const,
    }));
    await producer.send([ledgerRecord(scope.topics.ledger, author.next(happenings))]);
  }
  const entries = await eventually(
    () => all('harbour-bank'),
    ({ length }) => length === 32,
    'everything shows',
  );
  const reply = { agency: 'harbour-bank', entries };
  expect(() => readAgencyHistory.reply.parse(reply)).not.toThrow();
  expect(new Set(entries.map(({ id }) => id)).size).toBe(32);
  const times = entries.map(({ at }) => at);
  expect(times).toEqual(times.toSorted().reverse());
  const delivered = entries.filter(({ kind }) => kind === 'delivered');
  const expected = subjects.map((subject) => aliases.toPairwise('harbour-bank', subject)).sort();
  expect(delivered.map(({ subject }) => subject).sort()).toEqual(expected);
  expect(entries.find(({ kind }) => kind === 'grant')).toMatchObject({
    actor: `person:${aliases.toPairwise('harbour-bank', subjects[0]!)}`,
    detail: 'grant-activated',
  });
  expect(entries.find(({ kind }) => kind === 'read')).toMatchObject({
    actor: 'agency:harbour-bank',
    detail: 'profile',
  });
  const text = JSON.stringify(entries);
  for (const subject of subjects) expect(text).not.toContain(subject);
  expect(text).not.toContain('beacon-credit');
  // Of a change it sees what it was given, not what else changed.
  expect(text).not.toContain('employer');
});

test('two agencies find nothing by which they could tell that they mean the same person', async () => {
  const [bank, bureau] = [await all('harbour-bank', '&kind=delivered'), await all('beacon-credit', '&kind=refused')];
  expect(bureau).toHaveLength(30);
  const words = (entries: Page['entries']) =>
    new Set(entries.flatMap(({ id, subject, grant, actor }) => [id, subject, grant, actor]));
  const common = [...words(bank)].filter((word) => words(bureau).has(word));
  expect(common).toEqual(['service:delivery']);
});

test('filters, and one person by the alias', async () => {
  const alias = aliases.toPairwise('harbour-bank', subjects[3]!);
  const own = await all('harbour-bank', `&subject=${alias}`);
  expect(own).toMatchObject([{ kind: 'delivered', subject: alias }]);
  expect(await all('harbour-bank', `&subject=${subjects[3]!}`)).toEqual([]);
  expect(await all('harbour-bank', '&outcome=grant-paused')).toEqual([]);
  expect(await all('harbour-bank', '&kind=read')).toHaveLength(1);
  expect(await all('harbour-bank', `&to=${own[0]!.at}&kind=delivered`)).not.toContainEqual(own[0]);
});

test('nobody else sees it, and a cursor is good for one agency', async () => {
  expect(await pageOf('harbour-bank', '', agency('beacon-credit'))).toMatchObject({ status: 404 });
  expect(await pageOf('harbour-bank', '', { sub: subjects[0]!, kind: 'person' })).toMatchObject({ status: 403 });
  expect((await pageOf('harbour-bank', '', AUDITOR)).body.entries).toHaveLength(32);
  const { next } = (await pageOf('harbour-bank', '?limit=2')).body;
  const stolen = await audit.get<ProblemDocument>(
    `/agencies/beacon-credit/history?cursor=${next}`,
    agency('beacon-credit'),
  );
  expect(stolen).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
});

test('a page is read over the primary key alone', async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`insert into audit.agency_activity
    select 'agency-' || i % 50, now() - i * interval '1 s', i, '' from generate_series(1, 20000) i`);
  await client.query('analyze audit.agency_activity');
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${PAGE_OF_ACTIVITY}`, [
    'agency-7',
    new Date(),
    '5',
    new Date(0),
    50,
  ]);
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('Index Scan Backward using agency_activity_pkey');
  expect(plan).not.toMatch(/Sort|Seq Scan|Filter/);
  await client.end();
});
