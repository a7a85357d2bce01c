import { randomUUID } from 'node:crypto';
import type { ReplyOf, readDeliveryReceipt } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import { httpSource, isInBlock, parseVerifierKey, verifyLog, verifyReceipt } from '@sluice/log-verifier';
import { createRecordProducer, type KafkaConnection } from '@sluice/messaging';
import { afterAll, expect, inject, test } from 'vitest';
import { readBlockLeaf } from '../log/block-leaf.js';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { LedgerAuthor, ledgerRecord } from '../testing/records.js';
import { AUDITOR, eventually, startAudit } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { TokenIssuer } from '../testing/token-issuer.js';

const LANE = 1;
const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-receipts' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const places = await ownLog(kafka, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const issuer = await TokenIssuer.start();
const producer = createRecordProducer(kafka);
const audit = await startAudit(issuer, { kafka, databaseUrl }, scope, places);
const subjects = Array.from({ length: 7 }, () => randomUUID());

afterAll(async () => {
  await audit.close();
  await producer.close();
  await issuer.stop();
  await database.drop();
});

type Receipt = ReplyOf<typeof readDeliveryReceipt>;
const agencyClaims = (agency: string) => ({ sub: randomUUID(), kind: 'agency', agency });
const personClaims = (subject: string) => ({ sub: subject, kind: 'person' });
const pathOf = (agency: string, sequence: number) => `/deliveries/${agency}/${LANE}/${sequence}/receipt`;

test('a receipt proves one delivery offline, to the recipient, to the person and to an auditor', async () => {
  const author = new LedgerAuthor(LANE);
  for (const part of [subjects.slice(0, 4), subjects.slice(4)]) {
    const happenings = part.map((subject) => ({
      subject,
      outcomes: { 'harbour-bank': 'delivered', 'lake-bureau': 'grant-paused' } as const,
    }));
    await producer.send([ledgerRecord(scope.topics.ledger, author.next(happenings))]);
  }
  const ask = (sequence: number, claims: Record<string, unknown>) =>
    audit.get<Receipt>(pathOf('harbour-bank', sequence), claims);
  await eventually(
    () => ask(7, AUDITOR),
    ({ status }) => status === 200,
    'the last delivery has a receipt',
  );
  const key = parseVerifierKey(await (await fetch(`${audit.url}/log/key`)).text().then((text) => text.trim()));
  for (let sequence = 1; sequence <= 7; sequence++) {
    const claims = [AUDITOR, agencyClaims('harbour-bank'), personClaims(subjects[sequence - 1]!)];
    for (const one of claims) {
      const { status, body } = await ask(sequence, one);
      expect(status).toBe(200);
      const leaf = readBlockLeaf(body.leaf)!;
      const path = body.block.path.map((hash) => Buffer.from(hash, 'base64'));
      const salt = Buffer.from(body.salt, 'base64');
      const delivery = { ...body.block, path, salt, content: Buffer.from(body.delivery) };
      expect(isInBlock(delivery, leaf.root)).toBe(true);
      expect(leaf).toMatchObject({ agency: 'harbour-bank', lane: LANE, count: body.block.count });
      expect(leaf.first + body.block.index).toBe(sequence);
      expect(body.delivery).toMatch(new RegExp(`^delivery harbour-bank/${LANE}#${sequence} changed `));
      const report = verifyReceipt({ receipt: body.proof, leaf: Buffer.from(body.leaf), log: key });
      expect(report.findings).toEqual([]);
      const other = verifyReceipt({ receipt: body.proof, leaf: Buffer.from(`${body.leaf}x`), log: key });
      expect(other.findings).not.toEqual([]);
    }
  }
});

test('nobody else is told whether there is such a delivery, and readings are on record', async () => {
  const refused = [
    audit.get(pathOf('harbour-bank', 1), agencyClaims('lake-bureau')),
    audit.get(pathOf('harbour-bank', 1), personClaims(subjects[1]!)),
    audit.get(pathOf('harbour-bank', 8), AUDITOR),
    audit.get(pathOf('lake-bureau', 1), AUDITOR),
  ];
  for (const answer of await Promise.all(refused)) {
    expect(answer).toMatchObject({ status: 404, body: { code: 'not-found' } });
  }
  expect((await audit.get(pathOf('harbour-bank', 1))).status).toBe(401);
  const history = () =>
    audit.get<{ entries: { kind: string; actor: string; detail?: string }[] }>(
      `/subjects/${subjects[0]}/history`,
      personClaims(subjects[0]!),
    );
  await eventually(
    async () => (await history()).body.entries.map(({ kind }) => kind),
    (kinds) => kinds.includes('access-refused') && kinds.filter((kind) => kind === 'read').length >= 3,
    'the refusal and the readings are in the history',
  );
});

test('the served log is whole, its tiles are cached for ever, and nothing else is served', async () => {
  const key = parseVerifierKey((await (await fetch(`${audit.url}/log/key`)).text()).trim());
  const verified = () => verifyLog({ source: httpSource(`${audit.url}/log/`), log: key });
  await expect.poll(async () => (await verified()).size).toBeGreaterThan(5);
  const report = await verified();
  expect(report.findings).toEqual([]);
  const checkpoint = await fetch(`${audit.url}/log/checkpoint`);
  expect(checkpoint.headers.get('cache-control')).toBe('no-cache');
  const tile = await fetch(`${audit.url}/log/tile/entries/000.p/${report.size}`);
  if (tile.ok) expect(tile.headers.get('cache-control')).toContain('immutable');
  for (const path of ['tile/..%2fcheckpoint', 'tile/0/0', 'tile/0/999', 'pending/x']) {
    expect((await fetch(`${audit.url}/log/${path}`)).status).toBe(404);
  }
});
