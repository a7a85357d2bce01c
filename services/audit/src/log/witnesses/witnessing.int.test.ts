import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ReplyOf, readDeliveryReceipt } from '@sluice/contracts';
import { createTestDatabase, uniquePrefix } from '@sluice/local-stack';
import {
  httpSource,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  verifyLog,
  verifyReceipt,
} from '@sluice/log-verifier';
import { createRecordProducer, endOffsets, type KafkaConnection } from '@sluice/messaging';
import { Pool } from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { prepareAuditDatabase } from '../../testing/audit-database.js';
import { ownLog } from '../../testing/own-log.js';
import { LedgerAuthor, ledgerRecord } from '../../testing/records.js';
import { AUDITOR, eventually, startAudit } from '../../testing/running-audit.js';
import { RunningWitness } from '../../testing/running-witness.js';
import { ownScope } from '../../testing/scope.js';
import { TokenIssuer } from '../../testing/token-issuer.js';
import { openLogKey } from '../log-key.js';
import { readWitnessConfig } from './witness-config.js';

const LANE = 2;
const CLI = fileURLToPath(new URL('../../../../cli/dist/main.js', import.meta.url));
const kafka: KafkaConnection = { ...inject('kafka'), clientId: 'audit-witnesses' };
const prefix = uniquePrefix();
const scope = await ownScope(kafka, prefix);
const places = await ownLog(kafka, prefix);
const { log, keyDir } = places;
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareAuditDatabase(database.url);
/** As its administrator, who alone could put back an old copy. */
const pool = new Pool({ connectionString: database.url, max: 2 });
pool.on('error', () => {});
const issuer = await TokenIssuer.start();
const producer = createRecordProducer(kafka);
const author = new LedgerAuthor(LANE);
const logKey = (await openLogKey(keyDir, log.origin)).verifierKey;
const bank = await RunningWitness.start('witness.bank.example', logKey);
const court = await RunningWitness.start('witness.court.example', logKey);
const folder = await mkdtemp(join(tmpdir(), 'sluice-notes-'));
let audit = await start();

afterAll(async () => {
  await audit.close();
  await Promise.all([bank.kill(), court.kill()]);
  await producer.close();
  await issuer.stop();
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

/** Both witnesses are asked, and both must sign. */
function start() {
  const witnessing = readWitnessConfig({
    SLUICE_LOG_WITNESSES: `${bank.verifierKey} ${bank.url}, ${court.verifierKey} ${court.url}/`,
  });
  return startAudit(issuer, { kafka, databaseUrl }, scope, { keyDir, log: { ...log, witnessing } });
}

/** A delivery, once it is in the log. */
async function deliver(): Promise<void> {
  const before = await indexed();
  const happening = { subject: randomUUID(), outcomes: { 'harbour-bank': 'delivered' } as const };
  await producer.send([ledgerRecord(scope.topics.ledger, author.next([happening]))]);
  await eventually(indexed, (last) => last > before, 'it is in the log');
}

const policy = { witnesses: [bank, court].map(({ verifierKey }) => parseVerifierKey(verifierKey)), needed: 2 };
const served = async () => (await fetch(`${audit.url}/log/checkpoint`)).text();
const sizeOf = (checkpoint: string) => parseCheckpoint(parseNote(checkpoint)!.text)!.size;
const signersOf = (checkpoint: string) =>
  parseNote(checkpoint)!
    .signatures.map(({ name }) => name)
    .sort();
const logSize = async () => Number((await pool.query('select size from audit.log_head')).rows[0]?.size ?? 0);
/** Sequence of the last delivery in the log. */
const indexed = async () => Number((await pool.query('select max(first) as last from audit.log_block')).rows[0].last);
const announced = async () => (await endOffsets(kafka, log.checkpointTopic))[0]!;
const verified = () => verifyLog({ source: httpSource(`${audit.url}/log/`), log: parseVerifierKey(logKey), policy });

async function detail(): Promise<string> {
  const { body } = await audit.get<{ checks: { witnesses: { ok: boolean; detail: string } } }>('/readyz');
  // A witness must not take the service out of use.
  expect(body.checks.witnesses.ok).toBe(true);
  return body.checks.witnesses.detail;
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${audit.url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

async function receipt(sequence: number): Promise<ReplyOf<typeof readDeliveryReceipt>> {
  const path = `/deliveries/harbour-bank/${LANE}/${sequence}/receipt`;
  const { body } = await eventually(
    () => audit.get<ReplyOf<typeof readDeliveryReceipt>>(path, AUDITOR),
    ({ status }) => status === 200,
    'there is a receipt',
  );
  return body;
}

async function allIsWitnessed(): Promise<string> {
  const size = await logSize();
  return eventually(served, (note) => sizeOf(note) >= size && signersOf(note).length === 3, 'both witnesses signed');
}

function sluice(...given: string[]): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...given], (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out: out + err }),
    );
  });
}

test('checkpoints are cosigned by all witnesses, and receipts prove it', async () => {
  for (let n = 0; n < 3; n++) {
    await deliver();
    await allIsWitnessed();
  }
  expect(signersOf(await served())).toEqual([log.origin, 'witness.bank.example', 'witness.court.example'].sort());
  expect((await verified()).findings).toEqual([]);
  expect(await detail()).toMatch(/^witnessed up to \d+ leaves \(2 of 2 must sign\)$/);
  const { leaf, proof, witnesses } = await receipt(3);
  expect(witnesses).toEqual({ signed: 2, required: 2 });
  const report = verifyReceipt({ receipt: proof, leaf: Buffer.from(leaf), log: parseVerifierKey(logKey), policy });
  expect(report.findings).toEqual([]);
  await eventually(
    () => metric('sluice_log_unwitnessed_seconds'),
    (seconds) => seconds === 0,
    'none waits',
  );
});

test.each([
  ['dead', () => court.kill(), () => court.start()],
  ['silent', () => court.pause(), () => court.resume()],
] as const)(
  'a witness that is %s makes checkpoints unwitnessed and delays none; when it is back all is witnessed',
  async (_what, leave, comeBack) => {
    await leave();
    const before = await logSize();
    const announcedBefore = await announced();
    await deliver();
    await eventually(announced, (offset) => offset > announcedBefore + 3n, 'checkpoints are announced');
    const unwitnessed = await eventually(served, (note) => sizeOf(note) > before, 'the newest is served nevertheless');
    expect(signersOf(unwitnessed)).not.toContain('witness.court.example');
    await eventually(detail, (text) => /^UNWITNESSED .*; witness\.court\.example: /.test(text), 'it is shown');
    expect(await metric('sluice_log_unwitnessed_seconds')).toBeGreaterThan(4);
    expect((await verified()).findings).toMatchObject([{ code: 'cosignatures-too-few' }]);
    expect((await receipt(await indexed())).witnesses).toEqual({ signed: expect.any(Number), required: 2 });
    expect((await receipt(await indexed())).witnesses!.signed).toBeLessThan(2);
    expect((await receipt(1)).witnesses).toEqual({ signed: 2, required: 2 });
    await comeBack();
    await allIsWitnessed();
    expect((await verified()).findings).toEqual([]);
    expect(await detail()).toMatch(/^witnessed up to /);
  },
  90_000,
);

test('a service that was restarted goes on with witnesses where it was', async () => {
  await audit.close();
  audit = await start();
  await eventually(detail, (text) => /^witnessed up to [1-9]/.test(text), 'it knows what was witnessed');
  await deliver();
  await allIsWitnessed();
});

test('an old copy of folder and database together forks the log: witnesses refuse it, and two clients see it', async () => {
  await audit.close();
  const copy = join(folder, 'copy');
  await cp(log.folder, copy, { recursive: true });
  const tables = ['log_head', 'log_witnessed', 'log_block'];
  for (const table of tables) await pool.query(`create table public.${table} as table audit.${table}`);
  audit = await start();
  for (let n = 0; n < 3; n++) {
    await deliver();
    await allIsWitnessed();
  }
  await audit.close();
  const [{ checkpoint: kept }] = (await pool.query('select checkpoint from audit.log_witnessed')).rows;

  await rm(log.folder, { recursive: true });
  await cp(copy, log.folder, { recursive: true });
  for (const table of tables) {
    await pool.query(`truncate audit.${table}`);
    await pool.query(`insert into audit.${table} select * from public.${table}`);
  }
  audit = await start();
  const alarms = () => audit.get<{ alarms: Record<string, string>[] }>('/alarms', AUDITOR);
  const conflicts = async () => (await alarms()).body.alarms.filter(({ kind }) => kind === 'witness-conflict');
  await eventually(conflicts, (found) => found.length >= 2, 'both witnesses raise the alarm');
  expect(await conflicts()).toEqual(
    expect.arrayContaining(
      ['witness.bank.example', 'witness.court.example'].map((where) =>
        expect.objectContaining({ where, expected: `a log that continues the ${sizeOf(kept)} leaves it signed` }),
      ),
    ),
  );
  // Grown beyond what they signed, it is a fork to them too.
  for (let size = 0; size <= sizeOf(kept); size = await logSize()) await deliver();
  await eventually(conflicts, (found) => found.some((alarm) => alarm.found === 'another history'), 'a fork is seen');
  expect(await eventually(detail, (text) => text.startsWith('UNWITNESSED'), 'nobody signs it')).toContain('CONFLICT');
  expect(await metric('sluice_log_witness_conflicts_total')).toBeGreaterThanOrEqual(2);
  const forked = await eventually(served, (note) => sizeOf(note) > sizeOf(kept), 'the fork is what is served');
  expect(signersOf(forked)).toEqual([log.origin]);

  const notes = ['one', 'other'].map((name) => join(folder, `${name}.checkpoint`)) as [string, string];
  await writeFile(notes[0], kept);
  await writeFile(notes[1], forked);
  const compare = ['verify', 'consistency', ...notes, '--source', `${audit.url}/log/`, '--key', logKey];
  const { code, out } = await sluice(...compare);
  expect(out).toContain('log-forked');
  expect(code).toBe(3);
});
