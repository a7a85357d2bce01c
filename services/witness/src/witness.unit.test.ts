import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCosignatures, Findings, parseNote, parseVerifierKey } from '@sluice/log-verifier';
import {
  FileHighWater,
  FileTileStorage,
  LogReader,
  LogWriter,
  NoteKey,
  signNote,
  WitnessClient,
} from '@sluice/merkle-log';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from './config.js';
import { witnessServer } from './server.js';
import { Witness } from './witness.js';
import { openWitnessKey } from './witness-key.js';
import { originHash, WitnessedLogs } from './witnessed-logs.js';

const ORIGIN = 'log.example/witnessed';
const WITNESS = 'witness.agency.example';
const logKey = new NoteKey(ORIGIN, generateKeyPairSync('ed25519').privateKey);

let folder: string;
let server: Server;
let url: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-witness-'));
  await start();
});
afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true });
});

async function start(): Promise<void> {
  const state = join(folder, 'state');
  const key = await openWitnessKey(state, WITNESS);
  const witnessed = new WitnessedLogs(state);
  server = witnessServer(new Witness(key, [parseVerifierKey(logKey.verifierKey)], witnessed), witnessed);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

async function logAt(name: string, key = logKey): Promise<{ writer: LogWriter; reader: LogReader }> {
  const storage = new FileTileStorage(join(folder, name));
  const writer = await LogWriter.open({ storage, highWater: new FileHighWater(join(folder, `${name}.known`)), key });
  return { writer, reader: new LogReader(storage) };
}

const leaves = (what: string, count: number): Buffer[] =>
  Array.from({ length: count }, (_, at) => Buffer.from(`${what} ${at}`));

const post = async (body: string): Promise<{ status: number; type: string | null; body: string }> => {
  const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
};

const encode = (proof: Buffer[]): string => proof.map((hash) => `${hash.toString('base64')}\n`).join('');

describe('a witness', () => {
  it('cosigns a log as it grows, over restarts of both, and publishes what it signed', async () => {
    const { writer, reader } = await logAt('log');
    const client = new WitnessClient(url);
    for (const count of [0, 1, 300, 5]) {
      const { checkpoint } = await writer.append(leaves(`${count}`, count));
      const lines = await client.cosign(reader, checkpoint);
      expect(await writer.addCosignatures(checkpoint, lines)).toBe(true);
    }
    await stop();
    await start();
    const { checkpoint } = await writer.append(leaves('after', 70));
    // A client that has just started knows nothing, and is told the witness's size.
    await writer.addCosignatures(checkpoint, await new WitnessClient(`${url}/`).cosign(reader, checkpoint));

    const witnessKey = parseVerifierKey((await openWitnessKey(join(folder, 'state'), WITNESS)).verifierKey);
    const findings = new Findings();
    const [cosigned] = checkCosignatures(parseNote(writer.checkpoint)!, [witnessKey], 'checkpoint', findings);
    expect(findings.list).toEqual([]);
    expect(cosigned?.name).toBe(WITNESS);
    expect(Math.abs((cosigned?.time as number) - Date.now() / 1000)).toBeLessThan(60);
    const published = await fetch(`${url}/${originHash(ORIGIN)}/checkpoint`);
    expect(await published.text()).toBe(writer.checkpoint);
  });

  it('refuses a rolled back log with 409 and its own size', async () => {
    const { writer, reader } = await logAt('log');
    const small = (await writer.append(leaves('a', 10))).checkpoint;
    const large = (await writer.append(leaves('b', 10))).checkpoint;
    await new WitnessClient(url).cosign(reader, large);
    expect(await post(`old 0\n\n${small}`)).toEqual({ status: 409, type: 'text/x.tlog.size', body: '20\n' });
    expect((await post(`old 20\n\n${small}`)).status).toBe(400);
    await expect(new WitnessClient(url).cosign(reader, small)).rejects.toMatchObject({
      code: 'witness-conflict',
      known: 20,
      retryable: false,
    });
  });

  it('refuses a fork of the same size, and keeps both checkpoints as evidence', async () => {
    const one = await logAt('one');
    const other = await logAt('other');
    const honest = (await one.writer.append(leaves('a', 10))).checkpoint;
    const forked = (await other.writer.append(leaves('b', 10))).checkpoint;
    await new WitnessClient(url).cosign(one.reader, honest);
    await expect(new WitnessClient(url).cosign(other.reader, forked)).rejects.toMatchObject({
      code: 'witness-conflict',
      known: 10,
    });
    expect((await post(`old 10\n\n${forked}`)).status).toBe(422);
    const evidence = await readFile(join(folder, 'state', `${originHash(ORIGIN)}.fork`), 'utf8');
    expect(evidence).toContain(honest);
    expect(evidence).toContain(forked);
  });

  it('refuses a larger tree that does not continue the signed one', async () => {
    const one = await logAt('one');
    const other = await logAt('other');
    await new WitnessClient(url).cosign(one.reader, (await one.writer.append(leaves('a', 10))).checkpoint);
    const forked = (await other.writer.append(leaves('b', 30))).checkpoint;
    const proof = await other.reader.consistencyProof(10, 30);
    expect((await post(`old 10\n${encode(proof)}\n${forked}`)).status).toBe(422);
    const continued = (await one.writer.append(leaves('c', 20))).checkpoint;
    const right = await one.reader.consistencyProof(10, 30);
    for (const wrong of [[], right.slice(1), [...right, right[0] as Buffer], right.toReversed()]) {
      expect((await post(`old 10\n${encode(wrong)}\n${continued}`)).status).toBe(422);
    }
    expect((await post(`old 10\n${encode(right)}\n${continued}`)).status).toBe(200);
  });

  it('signs one of two forks that arrive at once', async () => {
    const logs = [await logAt('one'), await logAt('other')];
    const bodies = await Promise.all(
      logs.map(async ({ writer }, at) => `old 0\n\n${(await writer.append(leaves(`fork ${at}`, 10))).checkpoint}`),
    );
    const statuses = (await Promise.all(bodies.map(post))).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 409]);
  });

  it('refuses a log it does not know, a checkpoint that the log did not sign, and what is no request', async () => {
    const { writer } = await logAt('log');
    const { checkpoint } = await writer.append(leaves('a', 3));
    const stranger = new NoteKey(ORIGIN, generateKeyPairSync('ed25519').privateKey);
    const unknown = new NoteKey('log.example/unknown', generateKeyPairSync('ed25519').privateKey);
    const text = parseNote(checkpoint)!.text;
    expect((await post(`old 0\n\n${signNote(text.replace(ORIGIN, 'log.example/unknown'), unknown)}`)).status).toBe(404);
    expect((await post(`old 0\n\n${signNote(text, stranger)}`)).status).toBe(403);
    expect((await post(`old 0\n\n${checkpoint.replace('\n3\n', '\n4\n')}`)).status).toBe(403);
    const wrong = [
      '',
      'old',
      `old 00\n\n${checkpoint}`,
      `old -1\n\n${checkpoint}`,
      `old 0\nAAAA\n\n${checkpoint}`,
      `old 0\n${checkpoint}`,
      `old 0\n\n${checkpoint}x`,
    ];
    for (const body of wrong) expect((await post(body)).status, body).toBe(400);
    expect((await post(`old 0\n${encode(Array(64).fill(Buffer.alloc(32)))}\n${checkpoint}`)).status).toBe(400);
    expect((await post(`old 0\n${encode([Buffer.alloc(32)])}\n${checkpoint}`)).status).toBe(422);
    expect((await post('x'.repeat(70_000))).status).toBe(413);
    const empty = signNote(`${ORIGIN}\n0\n${Buffer.alloc(32).toString('base64')}\n`, logKey);
    expect((await post(`old 0\n\n${empty}`)).status).toBe(422);
    for (const path of ['/', '/add-checkpoint', `/${originHash(ORIGIN)}/checkpoint`, '/../witness.ed25519.pem']) {
      expect((await fetch(url + path)).status, path).toBe(404);
    }
  });

  it('signs nothing when its record is damaged', async () => {
    const { writer, reader } = await logAt('log');
    await new WitnessClient(url).cosign(reader, (await writer.append(leaves('a', 3))).checkpoint);
    await writeFile(join(folder, 'state', `${originHash(ORIGIN)}.checkpoint`), 'nothing');
    const { checkpoint } = await writer.append(leaves('b', 3));
    await expect(new WitnessClient(url).cosign(reader, checkpoint)).rejects.toMatchObject({
      code: 'witness-unreachable',
      retryable: true,
    });
  });

  it('keeps its key from others, and says which setting is wrong', async () => {
    const path = join(folder, 'state', 'witness.ed25519.pem');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(() => readConfig({})).toThrow('SLUICE_WITNESS_PORT');
    const settings = { SLUICE_WITNESS_PORT: '0', SLUICE_WITNESS_NAME: 'w', SLUICE_WITNESS_STATE_DIR: folder };
    expect(() => readConfig({ ...settings, SLUICE_WITNESS_LOGS: 'log+00000000+AAAA' })).toThrow('SLUICE_WITNESS_LOGS');
    const { logs, host } = readConfig({ ...settings, SLUICE_WITNESS_LOGS: logKey.verifierKey });
    expect([logs[0]?.name, host]).toEqual([ORIGIN, '127.0.0.1']);
  });
});
