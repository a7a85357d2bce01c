import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frontier } from './frontier.js';
import { leafHashText, nodeHashText } from './hash.js';
import { completeSubtrees, consistencyRanges, inclusionRanges, type LeafRange } from './ranges.js';
import { partialTiles } from './tile.js';

/** RFC 6962, 2.1, as it is written there. */
function mth(leaves: Buffer[]): string {
  if (leaves.length === 0) return createHash('sha256').digest('binary');
  if (leaves.length === 1)
    return createHash('sha256')
      .update('\0')
      .update(leaves[0] as Buffer)
      .digest('binary');
  const k = splitOf(leaves.length);
  const [left, right] = [mth(leaves.slice(0, k)), mth(leaves.slice(k))];
  return createHash('sha256')
    .update('\u0001')
    .update(Buffer.from(left + right, 'latin1'))
    .digest('binary');
}

/** RFC 6962, 2.1.1: PATH(m, D[n]). */
function path(m: number, leaves: Buffer[]): string[] {
  if (leaves.length <= 1) return [];
  const k = splitOf(leaves.length);
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}

/** RFC 6962, 2.1.2: SUBPROOF(m, D[n], b). */
function subproof(m: number, leaves: Buffer[], whole: boolean): string[] {
  if (m === leaves.length) return whole ? [] : [mth(leaves)];
  const k = splitOf(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), whole), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
}

function splitOf(n: number): number {
  return 2 ** Math.ceil(Math.log2(n) - 1);
}

const leaves = Array.from({ length: 130 }, (_, at) => Buffer.from(`leaf ${at}`));
const rootsOf = (ranges: LeafRange[]): string[] => ranges.map(({ start, end }) => mth(leaves.slice(start, end)));

describe('a tree', () => {
  it('has the roots and proofs that RFC 6962 defines, at every size', () => {
    const frontier = new Frontier();
    for (let size = 0; size <= leaves.length; size++) {
      expect(frontier.root()).toBe(mth(leaves.slice(0, size)));
      frontier.add(leafHashText(leaves[size] ?? Buffer.alloc(0)), 0);
    }
    for (let size = 1; size <= 70; size++) {
      const some = leaves.slice(0, size);
      for (let at = 0; at < size; at++) {
        expect(rootsOf(inclusionRanges(at, size))).toEqual(path(at, some));
        expect(rootsOf(consistencyRanges(at + 1, size))).toEqual(subproof(at + 1, some, true));
      }
    }
  });

  it('is cut into complete subtrees whose roots give its own, also beyond 2^32 leaves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 45 }), fc.nat(), (size, at) => {
        for (const range of [{ start: 0, end: size }, ...inclusionRanges(at % size, size)]) {
          let from = range.start;
          for (const { level, index } of completeSubtrees(range)) {
            expect(index * 2 ** level).toBe(from);
            from += 2 ** level;
          }
          expect(from).toBe(range.end);
        }
      }),
    );
    const subtrees = completeSubtrees({ start: 0, end: leaves.length }).map(({ level, index }) =>
      mth(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)),
    );
    expect(subtrees.reduceRight((right, left) => nodeHashText(left, right))).toBe(mth(leaves));
  });

  it("has the partial tiles of tlog-tiles' example", () => {
    expect(partialTiles(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
    expect(partialTiles(256)).toEqual([{ level: 1, index: 0, width: 1 }]);
    expect(partialTiles(0)).toEqual([]);
  });
});
