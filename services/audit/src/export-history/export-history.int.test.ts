import { randomUUID } from 'node:crypto';
import { type HistoryEntry, historyEntry } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { createRecordProducer, type KafkaConnection } from '@sluice/messaging';
import { afterAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { LedgerAuthor, ledgerRecord, readingOf } from '../testing/records.js';
import { AUDITOR, eventually, startAudit } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { TokenIssuer } from '../testing/token-issuer.js';

const ROUNDS = 6;
const CHANGES = 100;
const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-export-test' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const issuer = await TokenIssuer.start();
const audit = await startAudit(issuer, { kafka, databaseUrl }, scope, await ownLog(kafka, prefix));
const producer = createRecordProducer(kafka);
const subject = randomUUID();
const person = { sub: subject, kind: 'person' };

afterAll(async () => {
  await producer.close();
  await audit.close();
  await issuer.stop();
  await database.drop();
});

async function download(query: string, claims: Record<string, unknown> = person) {
  const headers = { authorization: `Bearer ${issuer.token(claims)}` };
  const response = await fetch(`${audit.url}/subjects/${subject}/history/export${query}`, { headers });
  // `text()` would take the byte order mark away.
  return { response, text: Buffer.from(await response.arrayBuffer()).toString('utf8') };
}

const lines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as HistoryEntry);

test('the whole history is a file, an entry a line, as the pages have it', async () => {
  const author = new LedgerAuthor(2);
  for (let round = 0; round < ROUNDS; round++) {
    const changes = Array.from({ length: CHANGES }, () => ({
      subject,
      outcomes: { 'harbour-bank': 'delivered' as const },
    }));
    await producer.send([ledgerRecord(scope.topics.ledger, author.next(changes))]);
  }
  const { text, response } = await eventually(
    () => download(''),
    ({ text }) => lines(text).filter(({ kind }) => kind !== 'read').length === 2 * ROUNDS * CHANGES,
    'everything is in the export',
  );
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="history.ndjson"');
  for (const entry of lines(text)) expect(() => historyEntry.parse(entry)).not.toThrow();
  expect(new Set(lines(text).map(({ id }) => id)).size).toBe(lines(text).length);
  const { body } = await audit.get<{ entries: HistoryEntry[] }>(
    `/subjects/${subject}/history?kind=delivered&limit=200`,
    person,
  );
  const delivered = lines((await download('?kind=delivered')).text);
  expect(delivered.slice(0, 200)).toEqual(body.entries);
  expect(delivered).toHaveLength(ROUNDS * CHANGES);
});

test('as a table, no cell of which is a formula, whoever chose its text', async () => {
  const by = '=HYPERLINK("http://evil.example","click")';
  await producer.send([readingOf(scope.topics.access, 0, { subject, by, what: '@SUM(A1:A9)' })]);
  const { text, response } = await eventually(
    () => download('?format=csv&kind=read&lang=zh'),
    (answer) => answer.text.includes('HYPERLINK'),
    'the reading is in the export',
  );
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(text.startsWith('\uFEFF"时间","内容"')).toBe(true);
  expect(text).toContain(`"'=HYPERLINK(""http://evil.example"",""click"")"`);
  expect(text).toContain(`"'@SUM(A1:A9)"`);
  for (const cell of text.split('","')) expect(cell).not.toMatch(/^"?[=+@-]/);
});

test('an export is on record, and nobody else gets one', async () => {
  const stranger = { sub: randomUUID(), kind: 'person' };
  const { response } = await download('', stranger);
  expect(response.status).toBe(404);
  expect((await download('?format=xls')).response.status).toBe(422);
  await download('?kind=refused', AUDITOR);
  const read = () => audit.get<{ entries: HistoryEntry[] }>(`/subjects/${subject}/history?q=history-export`, person);
  const { body } = await eventually(
    read,
    ({ body }) => body.entries.some(({ actor }) => actor === `staff:${AUDITOR.sub}`),
    'the export of the auditor shows',
  );
  expect(body.entries.map(({ actor }) => actor)).toContain(`person:${subject}`);
});
