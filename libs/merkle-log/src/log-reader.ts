import { MerkleLogError } from './errors.js';
import { tilePath } from './formats/log-path.js';
import { type ObjectReader, readEntries, readTile } from './storage/log-objects.js';
import { EMPTY_ROOT, type HashText, nodeHashText, toBytes } from './tree/hash.js';
import { completeSubtrees, consistencyRanges, inclusionRanges, type LeafRange, type Subtree } from './tree/ranges.js';
import { hashesAtLevel, rootInTile, TILE_HEIGHT, TILE_WIDTH, type TileAddress } from './tree/tile.js';

/** Tiles kept in memory, up to 8 KiB each; enough for one receipt after another near the right edge. */
const CACHED_TILES = 512;

/**
 * Proofs from the tiles of a log. Sizes are those of signed checkpoints: a tree between two checkpoints may lack its
 * partial tiles. Every method throws {@link MerkleLogError} `log-damaged` when a tile is missing.
 */
export class LogReader {
  readonly #storage: ObjectReader;
  /** By path, in order of last use. What is at a path never changes, so an old tile is as good as a new one. */
  readonly #tiles = new Map<string, Promise<Buffer>>();

  constructor(storage: ObjectReader) {
    this.#storage = storage;
  }

  /**
   * RFC 6962 root of the first `size` leaves, from the tiles of a tree of `treeSize`.
   * @throws {MerkleLogError} `proof-out-of-range`
   */
  async rootOf(size: number, treeSize = size): Promise<Buffer> {
    if (size !== treeSize) requireInside(size, treeSize);
    const [root] = await this.#rootsOf([{ start: 0, end: size }], treeSize);
    return root as Buffer;
  }

  /**
   * Hashes from the leaf's sibling up (RFC 6962, 2.1.1).
   * @throws {MerkleLogError} `proof-out-of-range`
   */
  async inclusionProof(index: number, size: number): Promise<Buffer[]> {
    requireInside(index, size);
    return this.#rootsOf(inclusionRanges(index, size), size);
  }

  /**
   * Hashes that show the smaller tree to be a prefix of the larger one (RFC 6962, 2.1.2); none if one is empty or both
   * are one.
   * @throws {MerkleLogError} `proof-out-of-range`
   */
  async consistencyProof(oldSize: number, newSize: number): Promise<Buffer[]> {
    if (oldSize !== newSize) requireInside(oldSize, newSize);
    return this.#rootsOf(consistencyRanges(oldSize, newSize), newSize);
  }

  /**
   * The bytes of one leaf.
   * @throws {MerkleLogError} `proof-out-of-range`
   */
  async leaf(index: number, size: number): Promise<Buffer> {
    requireInside(index, size);
    const bundle = Math.floor(index / TILE_WIDTH);
    const entries = await readEntries(this.#storage, bundle, Math.min(TILE_WIDTH, size - bundle * TILE_WIDTH));
    return entries[index % TILE_WIDTH] as Buffer;
  }

  #rootsOf(ranges: LeafRange[], size: number): Promise<Buffer[]> {
    return Promise.all(
      ranges.map(async (range) => {
        const hashes = await Promise.all(completeSubtrees(range).map((subtree) => this.#subtreeRoot(subtree, size)));
        return toBytes(
          hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => nodeHashText(left, right)),
        );
      }),
    );
  }

  async #subtreeRoot({ level, index }: Subtree, size: number): Promise<HashText> {
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const count = 2 ** (level % TILE_HEIGHT);
    const first = index * count;
    const tileIndex = Math.floor(first / TILE_WIDTH);
    const width = Math.min(TILE_WIDTH, hashesAtLevel(tileLevel, size) - tileIndex * TILE_WIDTH);
    const tile = await this.#tile({ level: tileLevel, index: tileIndex, width });
    return rootInTile(tile, first % TILE_WIDTH, count);
  }

  #tile(address: TileAddress): Promise<Buffer> {
    const path = tilePath(address);
    const tile = this.#tiles.get(path) ?? this.#load(path, address);
    this.#tiles.delete(path);
    this.#tiles.set(path, tile);
    if (this.#tiles.size > CACHED_TILES) this.#tiles.delete(this.#tiles.keys().next().value as string);
    return tile;
  }

  #load(path: string, address: TileAddress): Promise<Buffer> {
    return readTile(this.#storage, address).catch((error) => {
      this.#tiles.delete(path);
      throw error;
    });
  }
}

function requireInside(index: number, size: number): void {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) {
    throw new MerkleLogError('proof-out-of-range', `${index} does not lie inside a tree of ${size} leaves`);
  }
}
