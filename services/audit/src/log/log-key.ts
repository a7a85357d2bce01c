import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NoteKey } from '@sluice/merkle-log';

const KEY_FILE = 'log.ed25519.pem';
const OWNER_ONLY = 0o600;
const GROUP_AND_OTHERS = 0o077;

/** The key file cannot be used; the message says what to do. */
export class LogKeyUnusable extends Error {
  override readonly name = 'LogKeyUnusable';
}

/**
 * The key that signs the log's checkpoints: `log.ed25519.pem` of the key folder (PKCS#8, mode 0600), created if absent.
 * A new key cannot take over an old log: its checkpoint would not be trusted, and the log refuses to open.
 * @throws LogKeyUnusable when others than its owner may read it
 */
export async function openLogKey(keyFolder: string, origin: string): Promise<NoteKey> {
  const path = join(keyFolder, KEY_FILE);
  await createUnlessThere(keyFolder, path);
  if (((await stat(path)).mode & GROUP_AND_OTHERS) !== 0) {
    throw new LogKeyUnusable(`others than its owner may use ${path}: run chmod 600 on it`);
  }
  return new NoteKey(origin, createPrivateKey(await readFile(path, 'utf8')));
}

/** Of several processes that start at once one wins, and nobody ever reads half a file. */
async function createUnlessThere(folder: string, path: string): Promise<void> {
  if (await stat(path).catch(() => undefined)) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  const { privateKey } = generateKeyPairSync('ed25519');
  const text = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(draft, text, { mode: OWNER_ONLY, flag: 'wx', flush: true });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
}
