import { randomUUID } from 'node:crypto';
import type { HistoryNotice, HistorySubscription, ProblemDocument, SealView } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { createRecordProducer, type KafkaConnection } from '@sluice/messaging';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { LedgerAuthor, ledgerRecord } from '../testing/records.js';
import { eventually, startAudit } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { TokenIssuer } from '../testing/token-issuer.js';

const HOUR_MS = 3_600_000;
const LANE = 1;
const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-notices-test' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const issuer = await TokenIssuer.start();
let aheadMs = 0;
const now = () => new Date(Date.now() + aheadMs);
const audit = await startAudit(issuer, { kafka, databaseUrl }, { ...scope, now }, await ownLog(kafka, prefix));
const producer = createRecordProducer(kafka);
const author = new LedgerAuthor(LANE);
const admin = new pg.Pool({ connectionString: database.url, max: 1 });

afterAll(async () => {
  await producer.close();
  await audit.close();
  await issuer.stop();
  await admin.end();
  await database.drop();
});

const person = (subject: string) => ({ sub: subject, kind: 'person' });
const SUPERVISORS = [randomUUID(), randomUUID()].map((sub) => ({ sub, kind: 'staff', roles: ['supervisor'] }));

async function subscribed(subject: string, subscription: HistorySubscription): Promise<void> {
  const path = `/subjects/${subject}/history-subscription`;
  expect(await audit.send('PUT', path, person(subject), subscription)).toMatchObject({
    status: 200,
    body: subscription,
  });
  expect((await audit.get<HistorySubscription>(path, person(subject))).body).toEqual(subscription);
}

async function noticesOf(subject: string, query = '', headers: Record<string, string> = {}): Promise<HistoryNotice[]> {
  const { body } = await audit.get<{ notices: HistoryNotice[] }>(
    `/subjects/${subject}/notices${query}`,
    person(subject),
    headers,
  );
  return body.notices;
}

let sent = 0;

function uses(subject: string, count: number) {
  sent += count;
  const happenings = Array.from({ length: count }, () => ({
    subject,
    outcomes: { 'harbour-bank': 'delivered', 'city-court': 'delivered' } as const,
  }));
  return producer.send([ledgerRecord(scope.topics.ledger, author.next(happenings))]);
}

const countOf = (notices: HistoryNotice[], agency: string) =>
  notices
    .flatMap(({ groups }) => groups)
    .filter((group) => group.agency === agency)
    .reduce((sum, { count }) => sum + count, 0);

test('who is subscribed is told of each entry once, by agency and purpose, and of no value', async () => {
  const subject = randomUUID();
  await uses(subject, 1);
  await subscribed(subject, { every: 'immediately' });
  // What the intake takes in before it knows of the subscription is not told of.
  await eventually(
    async () => {
      await uses(subject, 1);
      return noticesOf(subject);
    },
    ({ length }) => length > 0,
    'the first notice is there',
  );
  const before = countOf(await noticesOf(subject, '?limit=200'), 'harbour-bank');
  await uses(subject, 30);
  const notices = await eventually(
    () => noticesOf(subject, '?limit=200'),
    (all) => countOf(all, 'harbour-bank') >= before + 30,
    'all are told of',
  );
  const last = notices.at(-1)!;
  expect(last.groups).toContainEqual({
    agency: 'harbour-bank',
    purpose: 'kyc-refresh',
    kind: 'delivered',
    count: expect.any(Number),
  });
  expect(countOf(notices, 'harbour-bank')).toBeLessThanOrEqual(sent);
  expect(JSON.stringify(notices)).not.toContain('mobilePhone');
  // Own acts are not news.
  expect(notices.flatMap(({ groups }) => groups).filter(({ kind }) => kind === 'read')).toEqual([]);
  expect(await noticesOf(subject, `?after=${last.id}`)).toEqual([]);
});

test('a daily digest waits for its day, and filters hold', async () => {
  const subject = randomUUID();
  await subscribed(subject, { every: 'daily', kinds: ['delivered'], agencies: ['harbour-bank'] });
  await eventually(
    async () => {
      await uses(subject, 1);
      return noticesOf(subject);
    },
    ({ length }) => length === 1,
    'the first digest comes at once',
  );
  await uses(subject, 5);
  const waiting = async () =>
    (await admin.query('select from audit.notice_queue where subject = $1', [subject])).rowCount ?? 0;
  await eventually(waiting, (count) => count >= 5, 'they wait');
  expect(await noticesOf(subject)).toHaveLength(1);
  aheadMs += 25 * HOUR_MS;
  const notices = await eventually(
    () => noticesOf(subject),
    ({ length }) => length === 2,
    'the next digest is there',
  );
  expect(notices[1]!.groups).toMatchObject([{ agency: 'harbour-bank', kind: 'delivered' }]);
});

test('a notice does not give away what is sealed', async () => {
  const subject = randomUUID();
  const terms = {
    subject,
    agency: 'city-court',
    instrument: 'Order 9',
    until: new Date(now().getTime() + HOUR_MS).toISOString(),
  };
  const { body } = await audit.send<SealView>('POST', '/seals', SUPERVISORS[0]!, terms);
  await audit.send('POST', `/seals/${body.seal}/approval`, SUPERVISORS[1]!, undefined, { 'if-match': '"1"' });
  await subscribed(subject, { every: 'immediately' });
  const notices = await eventually(
    async () => {
      await uses(subject, 3);
      return noticesOf(subject, '?limit=200');
    },
    ({ length }) => length > 0,
    'the bank’s uses are told of',
  );
  expect(countOf(notices, 'harbour-bank')).toBeGreaterThan(0);
  expect(JSON.stringify(notices)).not.toContain('city-court');
});

test('who waits is answered when there is something, nobody else reads it, and never ends it', async () => {
  const subject = randomUUID();
  await subscribed(subject, { every: 'immediately' });
  const seen = await eventually(
    async () => {
      await uses(subject, 1);
      return noticesOf(subject);
    },
    ({ length }) => length > 0,
    'the subscription is known',
  );
  const told = async () => {
    const waiting = noticesOf(subject, `?after=${seen.at(-1)!.id}`, { prefer: 'wait=5' });
    await uses(subject, 2);
    return waiting;
  };
  await eventually(told, ({ length }) => length > 0, 'who waits is told');
  const stranger = person(randomUUID());
  for (const path of ['notices', 'history-subscription']) {
    expect((await audit.get(`/subjects/${subject}/${path}`, stranger)).status).toBe(404);
  }
  const body = { every: 'never' } as const;
  expect((await audit.send('PUT', `/subjects/${subject}/history-subscription`, stranger, body)).status).toBe(404);
  const wrong = await audit.send<ProblemDocument>('PUT', `/subjects/${subject}/history-subscription`, person(subject), {
    every: 'hour',
  });
  expect(wrong).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
  await audit.send('PUT', `/subjects/${subject}/history-subscription`, person(subject), body);
  expect(
    (await audit.get<HistorySubscription>(`/subjects/${subject}/history-subscription`, person(subject))).body,
  ).toEqual(body);
});
