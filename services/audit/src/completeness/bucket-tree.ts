import { HASH_BYTES, type HashText, pathOf, rootOf } from './hashes.js';
import { HeadBucket } from './head-bucket.js';

/** Hashes of a tile; 256 tiles of buckets, and one over them, make a tree over the 65,536 buckets. */
export const TILE_WIDTH = 256;

const EMPTY_BUCKET = new HeadBucket().hash();
const EMPTY_TILE: readonly HashText[] = Array.from({ length: TILE_WIDTH }, () => EMPTY_BUCKET);
const EMPTY_TOP: readonly HashText[] = Array.from({ length: TILE_WIDTH }, () => rootOf(EMPTY_TILE));

/** The bucket of a label: its first 16 bits. */
export function bucketOf(label: Buffer): number {
  return label.readUInt16BE(0);
}

/** 256 hashes of the tree over the buckets. */
export class Tile {
  readonly #hashes: HashText[];

  private constructor(hashes: readonly HashText[]) {
    this.#hashes = [...hashes];
  }

  /** @param bytes undefined for one that was never written */
  static ofBuckets(bytes: Buffer | undefined): Tile {
    return new Tile(bytes === undefined ? EMPTY_TILE : hashesOf(bytes));
  }

  /** The tile over the tiles of buckets. */
  static top(bytes: Buffer | undefined): Tile {
    return new Tile(bytes === undefined ? EMPTY_TOP : hashesOf(bytes));
  }

  set(index: number, hash: HashText): void {
    this.#hashes[index] = hash;
  }

  root(): HashText {
    return rootOf(this.#hashes);
  }

  /** Eight hashes, from the sibling up. */
  path(index: number): Buffer[] {
    return pathOf(this.#hashes, index).map((step) => Buffer.from(step, 'latin1'));
  }

  bytes(): Buffer {
    return Buffer.from(this.#hashes.join(''), 'latin1');
  }
}

function hashesOf(bytes: Buffer): HashText[] {
  return Array.from({ length: TILE_WIDTH }, (_, i) => bytes.toString('latin1', i * HASH_BYTES, (i + 1) * HASH_BYTES));
}
