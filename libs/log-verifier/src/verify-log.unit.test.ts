import { describe, expect, it } from 'vitest';
import { BuiltLog, defaultLeaf } from './testing/built-log.js';
import { verifyLog } from './verify-log.js';
import { verifyRange } from './verify-range.js';

const SIZES = [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 65_836, 131_500];

describe('a log as it was written', () => {
  it.each(SIZES)('has nothing wrong at %i leaves', async (size) => {
    const log = await BuiltLog.of(size === 0 ? [] : [size]);
    const seen: number[] = [];
    const report = await verifyLog({
      source: log.source,
      log: log.verifierKey,
      onEntry: (index, entry) => entry.equals(defaultLeaf(index)) && seen.push(index),
    });
    expect(report.findings).toEqual([]);
    expect(report.size).toBe(size);
    expect(seen).toEqual(Array.from({ length: size }, (_, index) => index));
    const half = Math.floor(size / 2);
    const range = await verifyRange({ source: log.source, log: log.verifierKey, from: half, to: half + 700 });
    expect(range.findings).toEqual([]);
  });

  it('has the same tiles however it was cut into batches', async () => {
    const whole = await BuiltLog.of([70_000]);
    const parts = await BuiltLog.of([1, 255, 256, 300, 512, 1000, 1001, 65_535, 65_536, 65_537, 69_999, 70_000]);
    for (const [path, bytes] of whole.files) {
      if (path.startsWith('tile/')) expect(parts.files.get(path)?.equals(bytes), path).toBe(true);
    }
    expect((await verifyLog({ source: parts.source, log: parts.verifierKey })).findings).toEqual([]);
  });
});
