import { randomUUID } from 'node:crypto';
import { link, mkdir, open, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VaultError } from './errors.js';

const OWNER_ONLY = 0o600;
const GROUP_AND_OTHERS = 0o077;

/**
 * The text of a key file that only its owner may read.
 * @throws {VaultError} `key-file-missing`, `key-file-too-open`
 */
export async function readKeyFile(path: string): Promise<string> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    throw new VaultError('key-file-missing', `there is no key file ${path}`, { cause });
  });
  try {
    // The open file is asked, not the path: nobody can swap it between the question and the reading.
    const { mode } = await file.stat();
    if ((mode & GROUP_AND_OTHERS) !== 0) {
      throw new VaultError('key-file-too-open', `others than its owner may use ${path}: run chmod 600 on it`);
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/**
 * Writes a key file unless there is one already; of several processes starting at once, one wins and nobody ever reads
 * half a file.
 * @returns whether this call created it
 */
export async function createKeyFile(path: string, text: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, text, { mode: OWNER_ONLY, flag: 'wx', flush: true });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}
