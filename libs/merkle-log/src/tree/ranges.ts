/** Leaves `[start, end)` of a tree: what one hash of a proof stands for. */
export interface LeafRange {
  start: number;
  end: number;
}

/** A complete subtree: 2^level leaves from `index * 2^level` on. */
export interface Subtree {
  level: number;
  index: number;
}

/**
 * The ranges whose roots prove that a leaf is in a tree, from the leaf's sibling up (RFC 6962, 2.1.1).
 * Sizes are plain numbers, exact up to 2^53; shifts are avoided because they stop at 2^31.
 */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.reverse();
}

/** The ranges whose roots prove that the tree of `oldSize` leaves is a prefix of the other one (RFC 6962, 2.1.2). */
export function consistencyRanges(oldSize: number, newSize: number): LeafRange[] {
  if (oldSize === 0 || oldSize === newSize) return [];
  const ranges: LeafRange[] = [];
  let start = 0;
  let end = newSize;
  while (oldSize < end) {
    const middle = start + splitOf(end - start);
    if (oldSize <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  // The whole old tree needs no hash: whoever checks the proof has its root.
  if (start > 0) ranges.push({ start, end });
  return ranges.reverse();
}

/** The complete subtrees that make up a range, from left to right; `start` is where such a range can begin. */
export function completeSubtrees({ start, end }: LeafRange): Subtree[] {
  const subtrees: Subtree[] = [];
  let from = start;
  for (let level = Math.floor(Math.log2(end - start)) + 1; level >= 0; level--) {
    const width = 2 ** level;
    if (end - from >= width) {
      subtrees.push({ level, index: from / width });
      from += width;
    }
  }
  return subtrees;
}

/** The largest power of two below `size`; `size` is at least 2. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}
