import { randomUUID } from 'node:crypto';
import { GRANT_FENCED, GRANT_STOPPED, type PublicFigures } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { createRecordProducer, type KafkaConnection, type OutgoingRecord } from '@sluice/messaging';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { type Happening, headersOf, LedgerAuthor, ledgerRecord } from '../testing/records.js';
import { eventually, startAudit } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { TokenIssuer } from '../testing/token-issuer.js';

const MONTH = '2026-03';
const IN_MONTH = Date.parse('2026-03-14T00:00:00Z');
const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-figures-test' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const issuer = await TokenIssuer.start();
let now = new Date('2026-06-01T00:00:00Z');
const audit = await startAudit(
  issuer,
  { kafka, databaseUrl },
  { ...scope, now: () => now },
  await ownLog(kafka, prefix),
);
const producer = createRecordProducer(kafka);
const admin = new pg.Pool({ connectionString: database.url, max: 1 });

afterAll(async () => {
  await producer.close();
  await audit.close();
  await issuer.stop();
  await admin.end();
  await database.drop();
});

const figures = async (month = MONTH) => (await audit.get<PublicFigures>(`/figures?month=${month}`)).body;
const of = ({ agencies }: PublicFigures, agency: string) => agencies.find((one) => one.agency === agency);

function times(count: number, outcomes: Happening['outcomes']): Happening[] {
  return Array.from({ length: count }, () => ({ subject: randomUUID(), outcomes: outcomes! }));
}

/** A withdrawal that took effect after `tookMs`, as consent tells of it. */
function withdrawal(agency: string, tookMs: number): OutgoingRecord[] {
  const [grant, subject] = [randomUUID(), randomUUID()];
  const terms = {
    agency,
    purpose: 'kyc-refresh',
    attributes: ['mobilePhone'],
    mode: 'stream',
    validFrom: '2026-01-01T00:00:00Z',
    validUntil: '2027-01-01T00:00:00Z',
    dataLifeDays: 30,
    basis: 'consent',
  };
  const record = (type: string, data: object, at: number): OutgoingRecord => ({
    topic: scope.topics.consent,
    partition: 2,
    key: Buffer.from(subject),
    value: Buffer.from(JSON.stringify({ grant, subject, terms, ...data })),
    headers: headersOf('/consent', type, `person:${subject}`, new Date(at)),
  });
  return [
    record(GRANT_STOPPED, { grantVersion: 3, stop: 'withdrawn' }, IN_MONTH),
    record(GRANT_FENCED, { grantVersion: 4, fencedVersion: 3, fence: { lane: 2, sequence: 9 } }, IN_MONTH + tookMs),
  ];
}

test('releases, refusals and withdrawals of a month are open to anyone, and small counts are not there', async () => {
  const author = new LedgerAuthor(1);
  await producer.send([
    ledgerRecord(
      scope.topics.ledger,
      author.next(
        [
          ...times(25, { 'harbour-bank': 'delivered', 'city-tax': 'delivered' }),
          ...times(12, { 'harbour-bank': 'grant-paused', 'city-tax': 'awaiting-snapshot' }),
          ...times(4, { 'beacon-credit': 'delivered' }),
        ],
        IN_MONTH,
      ),
    ),
  ]);
  // Another partition's worker counts beside it.
  await producer.send([
    ledgerRecord(scope.topics.ledger, new LedgerAuthor(4).next(times(5, { 'harbour-bank': 'delivered' }), IN_MONTH)),
  ]);
  await producer.send(Array.from({ length: 20 }, (_, i) => withdrawal('harbour-bank', i < 18 ? 100 : 2_000)).flat());
  const body = await eventually(
    figures,
    (answer) =>
      of(answer, 'harbour-bank')?.released === 30 &&
      answer.withdrawalTime?.p99Ms !== undefined &&
      answer.total.withdrawn === 20,
    'everything is counted',
  );
  expect(body).toMatchObject({ month: MONTH, final: true, smallest: 10 });
  expect(of(body, 'harbour-bank')).toEqual({
    agency: 'harbour-bank',
    released: 30,
    refused: 12,
    withdrawn: 20,
    purposes: [{ purpose: 'kyc-refresh', released: expect.toSatisfy(orNull(30)), refused: 12, withdrawn: 20 }],
  });
  const small = of(body, 'beacon-credit')!;
  expect(small.released).toBeNull();
  expect(small.purposes[0]!.released).toBeNull();
  // 25 of city-tax, or the total, is kept back too: else it would give the four away.
  expect([body.total.released, of(body, 'city-tax')!.released, of(body, 'harbour-bank')!.released]).toContain(null);
  expect(JSON.stringify(body)).not.toMatch(/[:[]4[,\]}]/);
  expect(body.withdrawalTime!.p50Ms).toBeGreaterThanOrEqual(100);
  expect(body.withdrawalTime!.p50Ms).toBeLessThan(110);
  expect(body.withdrawalTime!.p99Ms).toBeGreaterThanOrEqual(2_000);
  expect(body.withdrawalTime!.p99Ms).toBeLessThan(2_200);
});

const orNull = (count: number) => (value: unknown) => value === count || value === null;

test('what is published twice is counted once', async () => {
  const before = await figures('2026-02');
  expect(before.agencies).toEqual([]);
  const author = new LedgerAuthor(3);
  const record = ledgerRecord(
    scope.topics.ledger,
    author.next(times(40, { 'harbour-bank': 'delivered' }), Date.parse('2026-02-10T00:00:00Z')),
  );
  await producer.send([record, record]);
  await producer.send([
    record,
    ledgerRecord(
      scope.topics.ledger,
      author.next(times(15, { 'harbour-bank': 'delivered' }), Date.parse('2026-02-11T00:00:00Z')),
    ),
  ]);
  const after = await eventually(
    () => figures('2026-02'),
    ({ total }) => (total.released ?? 0) >= 55,
    'the second batch is counted',
  );
  expect(after.total.released).toBe(55);
});

test('while a month runs, figures move in tens only, and caches know how long to keep them', async () => {
  const author = new LedgerAuthor(5);
  const cacheOf = async () => (await fetch(`${audit.url}/figures?month=2026-05`)).headers.get('cache-control');
  now = new Date('2026-05-20T00:00:00Z');
  await producer.send([
    ledgerRecord(
      scope.topics.ledger,
      author.next(times(27, { 'harbour-bank': 'delivered' }), Date.parse('2026-05-10T00:00:00Z')),
    ),
  ]);
  const body = await eventually(
    () => figures('2026-05'),
    ({ total }) => (total.released ?? 0) > 0,
    'the month has figures',
  );
  expect(body).toMatchObject({ final: false, total: { released: 20 } });
  expect(await cacheOf()).toBe('public, max-age=60');
  now = new Date('2026-06-01T12:00:00Z');
  expect((await figures('2026-05')).final).toBe(false);
  now = new Date('2026-06-02T00:00:00Z');
  expect(await figures('2026-05')).toMatchObject({ final: true, total: { released: 27 } });
  expect(await cacheOf()).toBe('public, max-age=86400');
});

test('a month that never was has no figures, and what is no month is refused', async () => {
  expect(await figures('2020-01')).toEqual({
    month: '2020-01',
    final: true,
    smallest: 10,
    total: { released: 0, refused: 0, withdrawn: 0 },
    purposes: [],
    agencies: [],
  });
  for (const query of ['?month=2026-13', '?month=2026', "?month=2026-01'", '?agency=harbour-bank']) {
    expect(await audit.get(`/figures${query}`)).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
  }
  expect((await audit.get<PublicFigures>('/figures')).body.month).toBe(now.toISOString().slice(0, 7));
});

test('the counts of a month are a range of the primary key', async () => {
  await admin.query(`insert into audit.figure select date '2000-01-01' + (i % 200) * interval '1 month', i % 6, 'a' || i / 1200, 'kyc-refresh', 'released', 1
    from generate_series(0, 23999) i on conflict do nothing`);
  await admin.query('analyze audit.figure');
  const { rows } = await admin.query<{ 'QUERY PLAN': string }>(
    "explain select agency, purpose, measure, sum(count) from audit.figure where month = '2011-03-01' group by 1, 2, 3",
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('figure_pkey');
  expect(plan).not.toContain('Seq Scan');
});
