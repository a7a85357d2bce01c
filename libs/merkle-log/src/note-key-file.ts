import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { NOTE_SIGNATURE, NoteKey } from './formats/note-key.js';

const OWNER_ONLY = 0o600;
const GROUP_AND_OTHERS = 0o077;

/** The key file cannot be used; the message says what to do. */
export class KeyFileUnusable extends Error {
  override readonly name = 'KeyFileUnusable';
}

/**
 * An Ed25519 key in a file of its own (PKCS#8, mode 0600), created if absent. Of several processes that start at once one
 * wins, and nobody ever reads half a file.
 * @param name under which it signs; see {@link NoteKey}
 * @throws {KeyFileUnusable} when others than its owner may read it
 * @throws {MerkleLogError} `key-malformed`
 */
export async function openNoteKey(
  path: string,
  name: string,
  type: ConstructorParameters<typeof NoteKey>[2] = NOTE_SIGNATURE,
): Promise<NoteKey> {
  if (!(await stat(path).catch(() => undefined))) await create(path);
  if (((await stat(path)).mode & GROUP_AND_OTHERS) !== 0) {
    throw new KeyFileUnusable(`others than its owner may use ${path}: run chmod 600 on it`);
  }
  return new NoteKey(name, createPrivateKey(await readFile(path, 'utf8')), type);
}

async function create(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
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
