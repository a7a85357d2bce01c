import { MerkleLogError } from '../errors.js';
import { BundleBuffer } from '../formats/entry-bundle.js';
import { bundlePath, partialsOf, tilePath } from '../formats/log-path.js';
import type { ObjectReader } from '../storage/log-objects.js';
import { readEntries, readTile } from '../storage/log-objects.js';
import type { StoredObject } from '../storage/tile-storage.js';
import { Frontier } from '../tree/frontier.js';
import { HASH_BYTES, type HashText, leafHashText, toBytes } from '../tree/hash.js';
import { hashAt, hashesAtLevel, partialTiles, TILE_BYTES, TILE_HEIGHT, TILE_WIDTH } from '../tree/tile.js';
import type { TreeHead } from './high-water.js';

/** The files a batch of leaves adds to a log. */
export interface Growth {
  objects: StoredObject[];
  /** Folders of partial files whose full form is among the objects. */
  superseded: string[];
}

/** A tile being filled. */
interface OpenTile {
  bytes: Buffer;
  width: number;
  /** Whether it took hashes since the last growth was taken. */
  changed: boolean;
  /** Whether a partial form of it is in the storage, to be removed once it is full. */
  storedPartly: boolean;
}

/** The unfinished right side of a log: one tile per level, one bundle, and the frontier that gives the root. */
export class RightEdge {
  #size = 0;
  readonly #frontier = new Frontier();
  readonly #tiles: OpenTile[] = [];
  readonly #bundle = new BundleBuffer();
  #growth: Growth = { objects: [], superseded: [] };

  private constructor() {}

  /**
   * The edge of the tree of `size` leaves, from its tiles. Whether it is the tree a checkpoint speaks of, its head tells.
   * @throws {MerkleLogError} `log-damaged`
   */
  static async load(storage: ObjectReader, size: number): Promise<RightEdge> {
    const edge = new RightEdge();
    const partial = await Promise.all(
      partialTiles(size).map(async (address) => ({ ...address, bytes: await readTile(storage, address) })),
    );
    // From the top: the frontier takes the large subtrees before the small ones.
    for (const { level, width, bytes } of partial.reverse()) {
      const tile = edge.#tile(level);
      bytes.copy(tile.bytes);
      tile.width = width;
      tile.storedPartly = true;
      for (let slot = 0; slot < width; slot++) edge.#frontier.add(hashAt(bytes, slot), level * TILE_HEIGHT);
    }
    const width = size % TILE_WIDTH;
    const entries = width > 0 ? await readEntries(storage, Math.floor(size / TILE_WIDTH), width) : [];
    for (const [slot, entry] of entries.entries()) {
      if (leafHashText(entry) !== hashAt(edge.#tile(0).bytes, slot)) {
        throw new MerkleLogError(
          'log-damaged',
          `the last entries of the log of ${size} leaves are not those of its tile`,
        );
      }
      edge.#bundle.add(entry);
    }
    edge.#size = size;
    return edge;
  }

  get size(): number {
    return this.#size;
  }

  head(): TreeHead {
    return { size: this.#size, root: toBytes(this.#frontier.root()) };
  }

  append(leaf: Uint8Array): void {
    const hash = leafHashText(leaf);
    const index = this.#size;
    this.#size += 1;
    this.#bundle.add(leaf);
    if (this.#size % TILE_WIDTH === 0) this.#closeBundle(index);
    this.#addToTile(0, hash);
    this.#frontier.add(hash, 0, this.#onNode);
  }

  /** The files since the last call: finished ones and, of the unfinished, those that changed. */
  takeGrowth(): Growth {
    const growth = this.#growth;
    this.#growth = { objects: [], superseded: [] };
    for (const [level, tile] of this.#tiles.entries()) {
      const { bytes, width, changed } = tile;
      tile.changed = false;
      if (width === 0 || !changed) continue;
      tile.storedPartly = true;
      const index = Math.floor(hashesAtLevel(level, this.#size) / TILE_WIDTH);
      growth.objects.push({
        path: tilePath({ level, index, width }),
        bytes: Buffer.from(bytes.subarray(0, width * HASH_BYTES)),
      });
    }
    const entries = this.#size % TILE_WIDTH;
    if (entries > 0) {
      const path = bundlePath(Math.floor(this.#size / TILE_WIDTH), entries);
      growth.objects.push({ path, bytes: this.#bundle.bytes() });
    }
    return growth;
  }

  readonly #onNode = (treeLevel: number, hash: HashText): void => {
    if (treeLevel % TILE_HEIGHT === 0) this.#addToTile(treeLevel / TILE_HEIGHT, hash);
  };

  #addToTile(level: number, hash: HashText): void {
    const tile = this.#tile(level);
    tile.bytes.write(hash, tile.width * HASH_BYTES, HASH_BYTES, 'latin1');
    tile.width += 1;
    tile.changed = true;
    if (tile.width < TILE_WIDTH) return;
    const index = hashesAtLevel(level, this.#size) / TILE_WIDTH - 1;
    this.#finish(tilePath({ level, index, width: TILE_WIDTH }), Buffer.from(tile.bytes), tile.storedPartly);
    tile.width = 0;
    tile.storedPartly = false;
  }

  #closeBundle(lastIndex: number): void {
    // A bundle is stored whenever its tile is.
    const { storedPartly } = this.#tile(0);
    this.#finish(bundlePath(Math.floor(lastIndex / TILE_WIDTH), TILE_WIDTH), this.#bundle.bytes(), storedPartly);
    this.#bundle.clear();
  }

  #finish(path: string, bytes: Buffer, storedPartly: boolean): void {
    this.#growth.objects.push({ path, bytes });
    if (storedPartly) this.#growth.superseded.push(partialsOf(path));
  }

  #tile(level: number): OpenTile {
    while (this.#tiles.length <= level) {
      this.#tiles.push({ bytes: Buffer.alloc(TILE_BYTES), width: 0, changed: false, storedPartly: false });
    }
    return this.#tiles[level] as OpenTile;
  }
}
