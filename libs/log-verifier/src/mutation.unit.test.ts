import { signNote } from '@sluice/merkle-log';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FindingCode } from './finding.js';
import { BuiltLog } from './testing/built-log.js';
import { levelsOf, pathOf, WIDTH, widthOf } from './tree/geometry.js';
import { verifyConsistency } from './verify-consistency.js';
import { type LogReport, verifyLog } from './verify-log.js';
import { verifyRange } from './verify-range.js';

/** A log with one leaf, on and around full tiles, with an unfinished and with a finished second and third level. */
const SIZES = [1, 2, 255, 256, 257, 1000, 65_536, 65_836];

/** A larger log is verified as a whole for each alteration, and takes a second or more to forge. */
const LARGE = 2000;

const BUNDLE_CODES: FindingCode[] = ['entry-altered', 'bundle-malformed'];
const TILE_CODES: FindingCode[] = ['tile-altered', 'tile-malformed'];

describe.each(SIZES)('a log of %i leaves', (size) => {
  const runs = size > LARGE ? 8 : 50;
  const someLeaf = size > LARGE ? fc.constantFrom(0, size / 2, size - 1) : fc.nat({ max: size - 1 });
  let log: BuiltLog;
  beforeAll(async () => {
    log = await BuiltLog.of([Math.ceil(size / 2), size]);
  });

  /** Every tile and bundle that the checkpoint needs. */
  const paths = (): fc.Arbitrary<string> => {
    const levels = fc.constantFrom<(number | 'entries')[]>(
      'entries',
      ...Array.from({ length: levelsOf(size) }, (_, l) => l),
    );
    return levels.chain((level) => {
      const at = level === 'entries' ? 0 : level;
      const count = Math.ceil(Math.floor(size / WIDTH ** at) / WIDTH);
      return fc.nat({ max: count - 1 }).map((index) => pathOf(level, index, widthOf(at, index, size)));
    });
  };

  const verify = (altered: BuiltLog): Promise<LogReport> =>
    verifyLog({ source: altered.source, log: altered.verifierKey });

  const codesFor = (path: string): FindingCode[] => (path.startsWith('tile/entries/') ? BUNDLE_CODES : TILE_CODES);

  /** The one altered file, and nothing else, is found. */
  const expectOnly = (report: LogReport, path: string, codes: FindingCode[]): void => {
    expect(report.findings.map(({ place }) => place)).toEqual([path]);
    expect(codes).toContain(report.findings[0]?.code);
  };

  const alteration = (path: string, from: Buffer): fc.Arbitrary<Buffer> => {
    const position = fc.nat({ max: Math.max(0, from.length - 1) });
    const flip = fc.tuple(position, fc.nat({ max: 7 })).map(([at, bit]) => {
      const bytes = Buffer.from(from);
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      return bytes;
    });
    const cut = position.map((at) => from.subarray(0, at));
    const longer = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((more) => Buffer.concat([from, more]));
    const swap = fc.tuple(position, position).map(([one, other]) => {
      const unit = path.startsWith('tile/entries/') ? 1 : 32;
      return swapped(from, Math.floor(one / unit) * unit, Math.floor(other / unit) * unit, unit);
    });
    const doubled = fc.tuple(position, position).map(([one, other]) => {
      const bytes = Buffer.from(from);
      from.copy(bytes, Math.floor(other / 32) * 32, Math.floor(one / 32) * 32, Math.floor(one / 32) * 32 + 32);
      return bytes;
    });
    return fc.oneof(flip, cut, longer, swap, doubled).filter((bytes) => !bytes.equals(from));
  };

  it('shows a flipped, cut, lengthened, swapped or doubled part of any tile or bundle, and where', async () => {
    const change = paths().chain((path) => {
      return alteration(path, log.files.get(path) as Buffer).map((bytes) => ({ path, bytes }));
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ path, bytes }) => {
        const altered = log.copy();
        altered.files.set(path, bytes);
        expectOnly(await verify(altered), path, codesFor(path));
      }),
      { numRuns: runs },
    );
  });

  it('shows a missing tile or bundle', async () => {
    await fc.assert(
      fc.asyncProperty(paths(), async (path) => {
        const altered = log.copy();
        altered.files.delete(path);
        expectOnly(await verify(altered), path, ['bundle-missing', 'tile-missing']);
      }),
      { numRuns: runs },
    );
  });

  it('shows one file put in the place of another, or both swapped', async () => {
    await fc.assert(
      fc.asyncProperty(paths(), paths(), fc.boolean(), async (one, other, both) => {
        const altered = log.copy();
        const [first, second] = [log.files.get(one) as Buffer, log.files.get(other) as Buffer];
        fc.pre(!first.equals(second));
        altered.files.set(one, second);
        if (both) altered.files.set(other, first);
        const places = (await verify(altered)).findings.map(({ place }) => place);
        expect(places.sort()).toEqual((both ? [one, other] : [one]).sort());
      }),
      { numRuns: runs },
    );
  });

  it('shows an entry whose tiles were altered to fit it, up to any level', async () => {
    await fc.assert(
      fc.asyncProperty(someLeaf, fc.nat({ max: levelsOf(size) }), async (at, level) => {
        const forged = await forgedAt(at);
        const altered = log.copy();
        for (const [path, bytes] of forged.files) {
          const [, place] = path.split('/') as [string, string];
          if (path.startsWith('tile/') && (place === 'entries' || Number(place) < level))
            altered.files.set(path, bytes);
        }
        const report = await verify(altered);
        const bundle = Math.floor(at / WIDTH);
        const bundlePath = pathOf('entries', bundle, widthOf(0, bundle, size));
        const codes = report.findings.map(({ code }) => code);
        if (report.findings.some(({ place }) => place === bundlePath)) return;
        // Altered up to above the lowest proven tile: that tile, or the signed root, gives it away.
        expect(codes.some((code) => code === 'tile-altered' || code === 'root-wrong')).toBe(true);
      }),
      { numRuns: runs },
    );
  });

  it('shows any altered character of the checkpoint', async () => {
    const text = Buffer.from(log.checkpoint);
    await fc.assert(
      fc.asyncProperty(alteration('checkpoint', text), async (bytes) => {
        const altered = log.copy();
        altered.files.set('checkpoint', bytes);
        const codes = (await verify(altered)).findings.map(({ code }) => code);
        const expected: FindingCode[] = [
          'checkpoint-malformed',
          'checkpoint-foreign',
          'checkpoint-unsigned',
          'signature-wrong',
        ];
        expect(codes).toHaveLength(1);
        expect(expected).toContain(codes[0]);
      }),
      { numRuns: runs * 3 },
    );
  });

  it('shows a checkpoint signed for another tree', async () => {
    const forged = await forgedAt(size - 1);
    const altered = log.copy();
    altered.files.set('checkpoint', forged.files.get('checkpoint') as Buffer);
    expect((await verify(altered)).findings.map(({ code }) => code)).toEqual(['root-wrong']);
  });

  it('shows a checkpoint signed with another key', async () => {
    const stranger = await BuiltLog.of([1]);
    const altered = log.copy();
    const [body] = log.checkpoint.split('\n\n');
    altered.files.set('checkpoint', Buffer.from(signNote(`${body}\n`, stranger.key)));
    expect((await verify(altered)).findings.map(({ code }) => code)).toEqual(['checkpoint-unsigned']);
  });

  it('shows a fork to two clients that compare their checkpoints', async () => {
    const forged = await forgedAt(Math.floor(size / 2));
    expect((await verify(forged)).findings).toEqual([]);
    const report = await verifyConsistency({
      checkpoints: [log.checkpoint, forged.checkpoint],
      log: log.verifierKey,
      by: { source: forged.source },
    });
    expect(report.findings.map(({ code }) => code)).toEqual(['log-forked']);
  });

  it('shows what was altered inside a range, and only that', async () => {
    const range = fc
      .tuple(fc.nat({ max: size - 1 }), fc.nat({ max: 600 }))
      .map(([from, more]) => ({ from, to: from + 1 + more }));
    await fc.assert(
      fc.asyncProperty(range, someLeaf, async ({ from, to }, at) => {
        const forged = await forgedAt(at);
        const altered = log.copy();
        const bundle = Math.floor(at / WIDTH);
        const path = pathOf('entries', bundle, widthOf(0, bundle, size));
        altered.files.set(path, forged.files.get(path) as Buffer);
        const report = await verifyRange({ source: altered.source, log: altered.verifierKey, from, to });
        const inside = at >= from && at < to;
        expect(report.findings.map(({ code, index }) => [code, index])).toEqual(inside ? [['entry-altered', at]] : []);
      }),
      { numRuns: runs },
    );
  });

  /** The same log with one other leaf, signed with the same key. */
  const forgedLogs = new Map<number, Promise<BuiltLog>>();
  const forgedAt = (at: number): Promise<BuiltLog> => {
    const forged = forgedLogs.get(at) ?? log.forkedAt(at, size);
    forgedLogs.set(at, forged);
    return forged;
  };
});

function swapped(from: Buffer, one: number, other: number, unit: number): Buffer {
  const bytes = Buffer.from(from);
  from.copy(bytes, other, one, one + unit);
  from.copy(bytes, one, other, other + unit);
  return bytes;
}
