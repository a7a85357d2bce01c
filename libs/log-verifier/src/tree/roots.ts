import { HASH_BYTES, type HashText, hashNode, hashOfNothing } from './hash.js';

/** Root of a tree with these hashes as its leaves (RFC 6962, 2.1). The array is used up. */
export function rootOf(hashes: HashText[]): HashText {
  if (hashes.length === 0) return hashOfNothing();
  // Level by level; a hash without a right neighbour moves up as it is, which gives RFC 6962's shape.
  for (let count = hashes.length; count > 1; count = Math.ceil(count / 2)) {
    for (let at = 0; at < count; at += 2) {
      const left = hashes[at] as HashText;
      hashes[at / 2] = at + 1 < count ? hashNode(left, hashes[at + 1] as HashText) : left;
    }
  }
  return hashes[0] as HashText;
}

/** The hashes of a tile. */
export function hashesOf(tile: Buffer): HashText[] {
  const text = tile.toString('latin1');
  return Array.from({ length: tile.length / HASH_BYTES }, (_, slot) =>
    text.slice(slot * HASH_BYTES, (slot + 1) * HASH_BYTES),
  );
}

/**
 * Root of a whole tree from the tiles at its right edge: per level, the hashes that no tile above covers (none where
 * the level's last tile is full).
 */
export function rootOfEdge(levels: HashText[][]): HashText {
  let right: HashText | undefined;
  for (const hashes of levels) {
    if (hashes.length === 0) continue;
    // What the levels below give is a subtree smaller than one hash here: it is the last, incomplete neighbour.
    right = rootOf(right === undefined ? [...hashes] : [...hashes, right]);
  }
  return right ?? hashOfNothing();
}
