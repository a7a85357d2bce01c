import { randomUUID } from 'node:crypto';
import { LANES } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { createRecordProducer, type KafkaConnection } from '@sluice/messaging';
import { Pool } from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { historyTopics } from './intake/topics.js';
import { prepareAuditDatabase } from './testing/audit-database.js';
import { ownLog } from './testing/own-log.js';
import { LedgerAuthor, ledgerRecord } from './testing/records.js';
import { AUDITOR, eventually, type RunningAudit, startAudit } from './testing/running-audit.js';
import { ownScope } from './testing/scope.js';
import { TokenIssuer } from './testing/token-issuer.js';

const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-test-a' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const places = await ownLog(kafka, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const issuer = await TokenIssuer.start();
const producer = createRecordProducer(kafka);
const pool = new Pool({ connectionString: databaseUrl, max: 2 });
pool.on('error', () => {}); // the database is dropped while its last connections close
const authors = Array.from({ length: LANES }, (_, partition) => new LedgerAuthor(partition));
const published: string[] = [];

const start = (clientId: string) => startAudit(issuer, { kafka: { ...kafka, clientId }, databaseUrl }, scope, places);
const first = await start('audit-test-a');
const instances = new Set<RunningAudit>([first]);

afterAll(async () => {
  for (const instance of instances) await instance.close();
  await producer.close();
  await issuer.stop();
  await pool.end();
  await database.drop();
});

/** A batch on every partition, each with one change of a person of its own. */
async function publishRound(): Promise<void> {
  const records = authors.map((author) => {
    const subject = randomUUID();
    published.push(subject);
    return ledgerRecord(scope.topics.ledger, author.next([{ subject, outcomes: { 'harbour-bank': 'delivered' } }]));
  });
  await producer.send(records);
}

/** How often each published change is in a history. */
async function counts(): Promise<number[]> {
  const { rows } = await pool.query<{ count: number }>(
    `select count(history.subject)::int as count from unnest($1::uuid[]) as asked (subject)
       left join audit.history using (subject) group by asked.subject`,
    [published],
  );
  return rows.map(({ count }) => count);
}

async function allOnce(): Promise<void> {
  await eventually(counts, (each) => each.length === published.length && each.every((n) => n > 0), 'all are taken in');
  expect(new Set(await counts())).toEqual(new Set([1]));
}

test('instances share the partitions while others come, go and are cut off, and each change is taken in once', async () => {
  await publishRound();
  await allOnce();
  let publishing = true;
  const traffic = (async () => {
    while (publishing) {
      await publishRound();
      await new Promise((resolve) => setTimeout(resolve, 20)); // the instances have to get a turn
    }
  })();
  const second = await start('audit-test-b');
  instances.add(second);
  const epochs = async () => (await pool.query('select epoch from audit.partition where epoch > 1')).rowCount ?? 0;
  await eventually(epochs, (moved) => moved >= LANES / 2, 'half of the partitions moved');
  await first.close();
  instances.delete(first);
  await eventually(epochs, (moved) => moved === LANES, 'all partitions moved');
  publishing = false;
  await traffic;
  await allOnce();
  const { rows } = await pool.query('select kind, place, expected, found from audit.alarm');
  expect(rows).toEqual([]);
});

test('readiness tells how far behind each topic is that histories are made of', async () => {
  const [audit] = instances;
  const detail = async () => {
    const { body } = await audit!.get<{ checks: { intake: { ok: boolean; detail: string } } }>('/readyz');
    return body.checks.intake.detail;
  };
  const whole = await eventually(detail, (text) => text.includes(`${scope.topics.cases} 0`), 'the lag is known');
  expect(whole).toContain('partitions 0 1 2 3 4 5');
  for (const topic of historyTopics(scope.topics)) expect(whole).toContain(`${topic} 0`);
});

test('alarms are shown to those who watch, and counted', async () => {
  const [audit] = instances;
  const author = authors[4]!;
  author.next([]);
  await producer.send([ledgerRecord(scope.topics.ledger, author.next([]))]);
  const list = () => audit!.get<{ alarms: Record<string, string>[] }>('/alarms', AUDITOR);
  const { body } = await eventually(list, ({ body }) => body.alarms.length > 0, 'the alarm is there');
  expect(body.alarms).toMatchObject([
    {
      kind: 'ledger-gap',
      where: expect.stringMatching(/delivery\.ledger\/4@\d+$/),
      expected: expect.stringMatching(/^batch /),
    },
  ]);
  const metrics = await (await fetch(`${audit!.url}/metrics`)).text();
  expect(metrics).toContain('sluice_audit_alarms_total{kind="ledger-gap"} 1');
  expect(await audit!.get('/alarms', { sub: randomUUID(), kind: 'person' })).toMatchObject({ status: 403 });
});
