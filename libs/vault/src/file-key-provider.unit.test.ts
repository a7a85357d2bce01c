import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SealBroken } from './errors.js';
import { FileKeyProvider } from './file-key-provider.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-vault-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function provider(): Promise<FileKeyProvider> {
  await FileKeyProvider.createRootKey(dir);
  return FileKeyProvider.open(dir);
}

describe('FileKeyProvider', () => {
  it('refuses a missing, a readable-by-others and a malformed root key, each with its own code', async () => {
    await expect(FileKeyProvider.open(dir)).rejects.toMatchObject({ code: 'key-file-missing', retryable: false });
    const path = join(dir, 'kek.key');
    await writeFile(path, 'ab'.repeat(32), { mode: 0o600 });
    await chmod(path, 0o640);
    await expect(FileKeyProvider.open(dir)).rejects.toMatchObject({ code: 'key-file-too-open' });
    await chmod(path, 0o600);
    await writeFile(path, 'ab'.repeat(31));
    await expect(FileKeyProvider.open(dir)).rejects.toMatchObject({ code: 'key-file-malformed' });
  });

  it('creates a root key once, for its owner alone', async () => {
    await Promise.all([FileKeyProvider.createRootKey(dir), FileKeyProvider.createRootKey(dir)]);
    const first = await readFile(join(dir, 'kek.key'), 'utf8');
    await FileKeyProvider.createRootKey(dir);
    expect(await readFile(join(dir, 'kek.key'), 'utf8')).toBe(first);
    expect((await stat(join(dir, 'kek.key'))).mode & 0o777).toBe(0o600);
  });

  it('unwraps in another process what it wrapped, for the same additional data only', async () => {
    const wrapped = await (await provider()).wrap(Buffer.alloc(32, 7), 'data-key|a');
    const other = await provider();
    expect(await other.unwrap(wrapped, 'data-key|a')).toEqual(Buffer.alloc(32, 7));
    await expect(other.unwrap(wrapped, 'data-key|b')).rejects.toThrow(SealBroken);
  });

  it('gives each name its own secret, and the same one each time', async () => {
    const [pairwise, index, again] = await Promise.all(
      ['pairwise', 'blind-index', 'pairwise'].map(async (name) => (await provider()).secret(name)),
    );
    expect(pairwise!.equals(again!)).toBe(true);
    expect(pairwise!.equals(index!)).toBe(false);
    expect(pairwise!.symmetricKeySize).toBe(32);
  });
});
