import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readFolder, withFolder } from './testing/folder.js';
import { GOLDEN_FOLDER, writeGoldenLog } from './testing/golden-log.js';

describe('the golden log, which golang.org/x/mod and Tessera accepted', () => {
  it('is written again byte for byte', () =>
    withFolder(async (folder) => {
      await writeGoldenLog(join(folder, 'golden'), folder);
      const written = await readFolder(join(folder, 'golden'));
      const golden = await readFolder(fileURLToPath(GOLDEN_FOLDER));
      expect([...written.keys()]).toEqual([...golden.keys()]);
      for (const [path, bytes] of golden) expect(written.get(path)?.toString('hex'), path).toBe(bytes.toString('hex'));
    }));
});
