import { HASH_BYTES, type HashText, hashNode, textOf } from './hash.js';

/**
 * Whether a path leads from a leaf to a root (the algorithm of RFC 9162, 2.1.3.2).
 * @param path from the leaf's sibling up, 32 bytes each
 */
export function inclusionHolds(leafHash: HashText, index: number, size: number, path: Buffer[], root: Buffer): boolean {
  return rootThrough(leafHash, index, size, path) === textOf(root);
}

/** Where a path leads from a leaf in a tree of this size; undefined where there is no such path in it. */
export function rootThrough(leafHash: HashText, index: number, size: number, path: Buffer[]): HashText | undefined {
  if (index >= size || !path.every(isHash)) return undefined;
  let at = BigInt(index);
  let last = BigInt(size) - 1n;
  let current = leafHash;
  for (const step of path) {
    if (last === 0n) return undefined;
    if (isOdd(at) || at === last) {
      current = hashNode(textOf(step), current);
      while (!isOdd(at) && at !== 0n) {
        at >>= 1n;
        last >>= 1n;
      }
    } else {
      current = hashNode(current, textOf(step));
    }
    at >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? current : undefined;
}

/** A tree's size and root. */
export interface Head {
  size: number;
  /** 32 bytes. */
  root: Buffer;
}

/** Whether a proof shows the older tree to be a prefix of the newer one (the algorithm of RFC 9162, 2.1.4.2). */
export function consistencyHolds(older: Head, newer: Head, proof: Buffer[]): boolean {
  if (older.size > newer.size || !proof.every(isHash)) return false;
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root);
  if (older.size === 0) return proof.length === 0;
  const steps = proof.map(textOf);
  if (isPowerOfTwo(older.size)) steps.unshift(textOf(older.root));
  let at = BigInt(older.size) - 1n;
  let last = BigInt(newer.size) - 1n;
  while (isOdd(at)) {
    at >>= 1n;
    last >>= 1n;
  }
  const first = steps.shift();
  if (first === undefined) return false;
  let oldRoot = first;
  let newRoot = first;
  for (const step of steps) {
    if (last === 0n) return false;
    if (isOdd(at) || at === last) {
      oldRoot = hashNode(step, oldRoot);
      newRoot = hashNode(step, newRoot);
      while (!isOdd(at) && at !== 0n) {
        at >>= 1n;
        last >>= 1n;
      }
    } else {
      newRoot = hashNode(newRoot, step);
    }
    at >>= 1n;
    last >>= 1n;
  }
  return last === 0n && oldRoot === textOf(older.root) && newRoot === textOf(newer.root);
}

function isHash(bytes: Buffer): boolean {
  return bytes.length === HASH_BYTES;
}

function isOdd(value: bigint): boolean {
  return (value & 1n) === 1n;
}

function isPowerOfTwo(size: number): boolean {
  const value = BigInt(size);
  return (value & (value - 1n)) === 0n;
}
