import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { REBUILD_ENDPOINTS, type RebuildDifference, type RebuildView } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { createRecordProducer, type OutgoingRecord } from '@sluice/messaging';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { grantActivated, LedgerAuthor, ledgerRecord, readingOf } from '../testing/records.js';
import { startAudit } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { TokenIssuer } from '../testing/token-issuer.js';

const kafka = { ...inject('kafka'), clientId: 'audit-rebuild-test' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const { topics } = scope;
const producer = createRecordProducer(kafka);
const database = await createTestDatabase(inject('pgUrl'));
const admin = new pg.Pool({ connectionString: database.url, max: 2 });
const databaseUrl = await prepareAuditDatabase(database.url);
const issuer = await TokenIssuer.start();
const audit = await startAudit(issuer, { kafka, databaseUrl }, scope, await ownLog(kafka, prefix));

afterAll(async () => {
  await audit.close();
  await Promise.all([producer.close(), issuer.stop(), admin.end()]);
  await database.drop();
});

const OTTO = { sub: 'otto', kind: 'staff', roles: ['operator'] };
const { plan } = REBUILD_ENDPOINTS.audit;
const NONE = { altered: 0, missing: 0, added: 0, mended: 0 };
const authors = [0, 1, 2].map((partition) => new LedgerAuthor(partition));

/** A batch of the ledger about these persons. */
const decided = (partition: number, subjects: readonly string[]): OutgoingRecord =>
  ledgerRecord(
    topics.ledger,
    authors[partition]!.next(subjects.map((subject) => ({ subject, outcomes: { 'harbour-bank': 'delivered' } }))),
  );

const persons = (count: number) => Array.from({ length: count }, () => randomUUID());

async function send(records: OutgoingRecord[], rows: number): Promise<void> {
  const before = await count();
  await producer.send(records);
  await expect.poll(count).toBe(before + rows);
}

const count = async () => (await admin.query('select count(*)::int as rows from audit.history')).rows[0].rows;

async function run(swap = false): Promise<RebuildView & { found: RebuildDifference[] }> {
  const planned = await audit.send<RebuildView>('POST', plan.path, OTTO, { readModel: 'history', rate: 0 });
  expect(planned.status).toBe(201);
  const path = `/rebuilds/${planned.body.rebuild}`;
  await audit.send('POST', `${path}/moves`, OTTO, { move: 'run', swap });
  const seen = async () => (await audit.get<RebuildView>(path, OTTO)).body;
  await expect.poll(async () => (await seen()).state).toBe('done');
  const { differences } = (await audit.get<{ differences: RebuildDifference[] }>(`${path}/differences`, OTTO)).body;
  return { ...(await seen()), found: differences };
}

const keyOf = ({ subject, at, ref }: { subject: string; at: string; ref: string }) => [subject, at, ref];
const rowsOf = async (subjects: readonly string[]) =>
  (
    await admin.query(
      'select subject::text, at::text, ref::text, entry from audit.history where subject = any($1) order by subject, ref',
      [subjects],
    )
  ).rows;

test('altered, deleted and added rows are found and mended; records that came twice are one row', async () => {
  const subjects = persons(40);
  const batch = decided(0, subjects.slice(0, 20));
  const grants = subjects.map((subject, nth) => grantActivated(topics.consent, nth % 3, subject));
  await send([batch, decided(1, subjects.slice(20)), ...grants], 80);
  // A relay that crashed, and delivery after a crash.
  await producer.send([...grants.slice(-3), batch]);
  await send([readingOf(topics.access, 0, { subject: subjects[0]!, by: 'staff:ada', what: 'profile' })], 1);
  expect((await run()).differences).toEqual(NONE);

  const before = await rowsOf(subjects);
  const [altered, deleted, moved] = [before[3], before[17], before[30]];
  const where = 'where subject = $1 and at = $2::timestamptz and ref = $3';
  await admin.query(`update audit.history set entry = '\\x00' ${where}`, keyOf(altered));
  await admin.query(`delete from audit.history ${where}`, keyOf(deleted));
  const stranger = randomUUID();
  await admin.query(`update audit.history set subject = $4 ${where}`, [...keyOf(moved), stranger]);
  // One that claims to come from a record that is not there yet, and one from no topic at all.
  const [future, nowhere] = [`${(1n << 60n) + (99_999n << 16n)}`, `${7n << 60n}`];
  for (const ref of [future, nowhere]) {
    await admin.query(
      'insert into audit.history select $1, at, $2, entry from audit.history where subject = $3 limit 1',
      [stranger, ref, subjects[0]],
    );
  }

  const compared = await run();
  expect(compared.differences).toEqual({ altered: 1, missing: 2, added: 3, mended: 0 });
  expect(compared.found).toEqual(
    expect.arrayContaining([
      { key: keyOf(altered), kind: 'altered', columns: ['entry'], mended: false },
      { key: keyOf(deleted), kind: 'missing', columns: [], mended: false },
      { key: keyOf(moved), kind: 'missing', columns: [], mended: false },
      { key: [stranger, moved.at, moved.ref], kind: 'added', columns: [], mended: false },
    ]),
  );
  expect((await run(true)).differences).toEqual({ altered: 1, missing: 2, added: 3, mended: 6 });
  expect(await rowsOf(subjects)).toEqual(before);
  expect(await rowsOf([stranger])).toEqual([]);
  expect((await run()).differences).toEqual(NONE);
});

test('the intake goes on meanwhile: no difference, nothing lost', async () => {
  let stop = false;
  let rows = await count();
  const traffic = (async () => {
    for (let round = 0; !stop; round++) {
      const subjects = persons(50);
      await producer.send([
        decided(round % 3, subjects),
        ...subjects.slice(0, 10).map((one, nth) => grantActivated(topics.consent, nth % 6, one)),
      ]);
      rows += 60;
      await sleep(20);
    }
  })();
  for (let round = 0; round < 3; round++) expect((await run(true)).found).toEqual([]);
  stop = true;
  await traffic;
  // Records of what was asked of the service are rows of nobody.
  await expect.poll(count).toBe(rows);
  const last = await run();
  expect(last.differences).toEqual(NONE);
});

test('refused for whoever is no operator', async () => {
  const auditor = { sub: 'ada', kind: 'staff', roles: ['auditor'] };
  expect((await audit.send('POST', plan.path, auditor, { readModel: 'history', rate: 0 })).status).toBe(403);
});
