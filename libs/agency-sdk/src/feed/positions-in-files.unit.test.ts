import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LanePosition } from './position.js';
import { FilePositions } from './positions-in-files.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-positions-'));
});
afterEach(() => rm(dir, { recursive: true }));

const position: LanePosition = { lane: 2, sequence: 41, digest: 'ab'.repeat(32), offset: '17' };

describe('FilePositions', () => {
  it('keeps each lane over a restart, in a folder it makes', async () => {
    const path = join(dir, 'made', 'here');
    await new FilePositions(path).save(position);
    await new FilePositions(path).save({ ...position, lane: 3, sequence: 7 });
    expect(await new FilePositions(path).load(2)).toEqual(position);
    expect((await new FilePositions(path).load(3))?.sequence).toBe(7);
    expect(await new FilePositions(path).load(4)).toBeUndefined();
  });

  it('refuses what is not a position of that lane, instead of starting again', async () => {
    const wrong = [
      '',
      '{}',
      'null',
      JSON.stringify({ ...position, digest: 'x' }),
      JSON.stringify({ ...position, lane: 1 }),
    ];
    for (const text of wrong) {
      await writeFile(join(dir, 'lane-2.json'), text);
      await expect(new FilePositions(dir).load(2), text).rejects.toThrow();
    }
  });

  it('is not disturbed by a draft that a crash left behind', async () => {
    await new FilePositions(dir).save(position);
    await writeFile(join(dir, 'lane-2.json.draft'), '{"lane":2,"sequ');
    expect(await new FilePositions(dir).load(2)).toEqual(position);
    await new FilePositions(dir).save({ ...position, sequence: 42 });
    expect((await new FilePositions(dir).load(2))?.sequence).toBe(42);
  });
});
