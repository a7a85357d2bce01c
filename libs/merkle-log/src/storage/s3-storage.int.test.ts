import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type S3Server, startS3Server } from '@sluice/local-stack';
import { parseVerifierKey, verifyLog } from '@sluice/log-verifier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileHighWater, LogWriter, NoteKey, S3TileStorage, type TileStorage } from '../index.js';
import { withFolder } from '../testing/folder.js';

/** Of the calls to the storage, before or after it has done what was asked. */
const CRASH_RATE = 0.15;
const LEAVES = 3_000;

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
}, 260_000);
afterAll(() => server?.stop());

/** Below a prefix that no other test uses. */
function bucket(): S3TileStorage {
  const access = { region: 'us-east-1', accessKeyId: 'test', secretAccessKey: 'test' };
  return new S3TileStorage({ bucketUrl: server.bucketUrl, prefix: `${randomUUID()}/`, ...access });
}

const object = (path: string, text: string) => ({ path, bytes: Buffer.from(text) });

describe('an S3-compatible store', () => {
  it('keeps objects, replaces the checkpoint, lists names directly below, and removes what is below a path', async () => {
    const storage = bucket();
    expect(await storage.read('checkpoint')).toBeUndefined();
    expect(await storage.list('pending')).toEqual([]);
    await storage.write([object('checkpoint', 'one'), object('pending/0-1-ab', 'a'), object('pending/1-2-cd', 'b')]);
    await storage.write([object('checkpoint', 'two'), object('tile/0/000.p/7', 'c'), object('tile/0/000.p/70', 'd')]);
    await storage.write([object('tile/0/000', 'e'), object('tile/0/0001', 'f')]);
    expect(String(await storage.read('checkpoint'))).toBe('two');
    expect((await storage.list('pending')).sort()).toEqual(['0-1-ab', '1-2-cd']);
    expect((await storage.list('tile/0')).sort()).toEqual(['000', '000.p', '0001']);
    await storage.remove(['pending/0-1-ab', 'tile/0/000.p', 'tile/0/nothing']);
    expect(await storage.list('pending')).toEqual(['1-2-cd']);
    expect((await storage.list('tile/0')).sort()).toEqual(['000', '0001']);
  });

  it('takes any bytes, and lists more than one answer holds', async () => {
    const storage = bucket();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await storage.write([{ path: 'tile/0/000', bytes }]);
    expect(await storage.read('tile/0/000')).toEqual(bytes);
    const many = Array.from({ length: 1_050 }, (_, n) => object(`pending/${n}`, 'x'));
    await storage.write(many);
    expect(await storage.list('pending')).toHaveLength(many.length);
  }, 120_000);

  it('never replaces a tile: the same bytes are as good, others are refused', async () => {
    const storage = bucket();
    await storage.write([object('tile/0/000', 'true')]);
    await storage.write([object('tile/0/000', 'true')]);
    await expect(storage.write([object('tile/0/000', 'false')])).rejects.toMatchObject({ code: 'log-damaged' });
    expect(String(await storage.read('tile/0/000'))).toBe('true');
  });

  it('says that it does not answer', async () => {
    const access = { region: 'us-east-1', accessKeyId: 'test', secretAccessKey: 'test' };
    const nowhere = new S3TileStorage({ bucketUrl: `${server.bucketUrl}-other`, prefix: '', ...access });
    await expect(nowhere.write([object('checkpoint', 'x')])).rejects.toThrow('answered 404 for checkpoint');
    const away = new S3TileStorage({ bucketUrl: 'http://127.0.0.1:1/log', prefix: '', ...access });
    await expect(away.read('checkpoint')).rejects.toThrow();
  });
});

function crashy(storage: TileStorage): TileStorage {
  return new Proxy(storage, {
    get: (target, name) => {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...given: unknown[]) => {
        if (Math.random() < CRASH_RATE / 2) throw new Error('a crash that the test wanted');
        const answer = await value.apply(target, given);
        if (Math.random() < CRASH_RATE / 2) throw new Error('a crash that the test wanted');
        return answer;
      };
    },
  });
}

it(
  'a log in it is true and holds each leaf once, whatever request fails',
  () =>
    withFolder(async (folder) => {
      const storage = bucket();
      const key = new NoteKey('log.example/s3', generateKeyPairSync('ed25519').privateKey);
      const highWater = new FileHighWater(join(folder, 'high-water'));
      let opened = 0;
      for (let size = 0; size < LEAVES; ) {
        try {
          const writer = await LogWriter.open({ storage: crashy(storage), highWater, key });
          opened += 1;
          for (size = writer.head.size; size < LEAVES; size = writer.head.size) {
            const count = Math.min(1 + Math.floor(Math.random() * 300), LEAVES - size);
            await writer.append(Array.from({ length: count }, (_, at) => Buffer.from(`leaf ${size + at}`)));
          }
        } catch {
          // Opened again: its size then tells what is in.
        }
      }
      expect(opened).toBeGreaterThan(1);
      await LogWriter.open({ storage, highWater, key });
      const leaves: string[] = [];
      const report = await verifyLog({
        source: (path) => storage.read(path),
        log: parseVerifierKey(key.verifierKey),
        onEntry: (_index, entry) => leaves.push(entry.toString()),
      });
      expect(report.findings).toEqual([]);
      expect(leaves).toEqual(Array.from({ length: LEAVES }, (_, at) => `leaf ${at}`));
      expect(await storage.list('pending')).toEqual([]);
    }),
  300_000,
);
