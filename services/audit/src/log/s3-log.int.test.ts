import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ReplyOf, readDeliveryReceipt } from '@sluice/contracts';
import { createTestDatabase, startS3Server, uniquePrefix } from '@sluice/local-stack';
import { httpSource, parseVerifierKey, verifyLog, verifyReceipt } from '@sluice/log-verifier';
import { createRecordProducer, type KafkaConnection } from '@sluice/messaging';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { ownLog } from '../testing/own-log.js';
import { LedgerAuthor, ledgerRecord } from '../testing/records.js';
import { AUDITOR, eventually, type RunningAudit, startAudit } from '../testing/running-audit.js';
import { ownScope } from '../testing/scope.js';
import { TokenIssuer } from '../testing/token-issuer.js';
import { leavesOfTopics, recordsOf } from '../testing/topic-records.js';

const LANE = 0;
const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-s3' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const { log, keyDir } = await ownLog(kafka, prefix);
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
const issuer = await TokenIssuer.start();
const producer = createRecordProducer(kafka);
const author = new LedgerAuthor(LANE);
let server: Awaited<ReturnType<typeof startS3Server>>;
let audit: RunningAudit;

beforeAll(async () => {
  server = await startS3Server();
  audit = await start();
}, 260_000);

afterAll(async () => {
  await audit?.close();
  await server?.stop();
  await producer.close();
  await issuer.stop();
  await database.drop();
});

function start(): Promise<RunningAudit> {
  const access = { region: 'us-east-1', accessKeyId: 'test', secretAccessKey: 'test' };
  const place = { bucketUrl: server.bucketUrl, prefix: 'sluice/log/', ...access };
  return startAudit(issuer, { kafka, databaseUrl }, scope, { keyDir, log: { ...log, place } });
}

async function verifiedLeaves(): Promise<string[]> {
  const key = parseVerifierKey((await (await fetch(`${audit.url}/log/key`)).text()).trim());
  const leaves: string[] = [];
  const onEntry = (_index: number, entry: Buffer) => leaves.push(entry.toString());
  const report = await verifyLog({ source: httpSource(`${audit.url}/log/`), log: key, onEntry });
  expect(report.findings).toEqual([]);
  return leaves;
}

test('a log in a bucket is kept, served, verified and proven like one in a folder, over a restart', async () => {
  for (let round = 1; round <= 2; round++) {
    for (let n = 0; n < 5; n++) {
      const happening = { subject: randomUUID(), outcomes: { 'harbour-bank': 'delivered' } as const };
      await producer.send([ledgerRecord(scope.topics.ledger, author.next([happening]))]);
    }
    const path = `/deliveries/harbour-bank/${LANE}/${round * 5}/receipt`;
    const { body } = await eventually(
      () => audit.get<ReplyOf<typeof readDeliveryReceipt>>(path, AUDITOR),
      ({ status }) => status === 200,
      'the last delivery has a receipt',
    );
    const log = parseVerifierKey((await (await fetch(`${audit.url}/log/key`)).text()).trim());
    expect(verifyReceipt({ receipt: body.proof, leaf: Buffer.from(body.leaf), log }).findings).toEqual([]);
    await audit.close();
    audit = await start();
  }
  // Readings of receipts are records themselves, and some are published late.
  await eventually(
    async () => isDeepStrictEqual(recordsOf(await verifiedLeaves()), await leavesOfTopics(kafka, scope.topics)),
    (same) => same,
    'the log has what the topics have',
  );
});
