import { type Read, readTile } from './source/log-files.js';
import type { LogSource } from './source/log-source.js';
import { levelsOf, WIDTH, widthOf } from './tree/geometry.js';
import { type HashText, textOf } from './tree/hash.js';
import type { Head } from './tree/proofs.js';
import { hashesOf, rootOf, rootOfEdge } from './tree/roots.js';

/** Tiles kept once proven; a walk from left to right needs one per level. */
const KEPT_TILES = 64;

/** The first tile that breaks the chain from the signed root down to the one that was asked for. */
export interface BrokenTile {
  path: string;
  code: 'tile-missing' | 'tile-malformed' | 'tile-altered';
}

export type Committed = { state: 'proven'; hashes: HashText[] } | ({ state: 'broken' } & BrokenTile);

/** Tiles that are proven, each by the one above it, to belong to a signed root. */
export class CommittedTiles {
  readonly #source: LogSource;
  readonly #size: number;
  readonly #edge: HashText[][];
  readonly #proven = new Map<string, Committed>();

  private constructor(source: LogSource, size: number, edge: HashText[][]) {
    this.#source = source;
    this.#size = size;
    this.#edge = edge;
  }

  /**
   * The tiles at the right edge prove each other together: they give the root or they do not. Which of them is wrong, if
   * one is, cannot be told from above.
   */
  static async open(source: LogSource, head: Head): Promise<CommittedTiles | BrokenTile[]> {
    const levels = levelsOf(head.size);
    const reads: (Read<Buffer> | undefined)[] = [];
    for (let level = 0; level < levels; level++) {
      const index = Math.floor(head.size / WIDTH ** (level + 1));
      const width = widthOf(level, index, head.size);
      reads.push(width > 0 ? await readTile(source, level, index, width) : undefined);
    }
    const broken = reads.flatMap((read) => (read && read.state !== 'read' ? [brokenFile(read.path, read.state)] : []));
    if (broken.length > 0) return broken;
    const edge = reads.map((read) => (read?.state === 'read' ? hashesOf(read.value) : []));
    if (rootOfEdge(edge) === textOf(head.root)) return new CommittedTiles(source, head.size, edge);
    return reads.flatMap((read) => (read ? [{ path: read.path, code: 'tile-altered' as const }] : []));
  }

  /** The hashes of a tile that the tree has. */
  async tile(level: number, index: number): Promise<Committed> {
    if (widthOf(level, index, this.#size) < WIDTH) return { state: 'proven', hashes: this.#edge[level] as HashText[] };
    const key = `${level}/${index}`;
    const known = this.#proven.get(key);
    if (known) return known;
    const tile = await this.#prove(level, index);
    if (this.#proven.size >= KEPT_TILES) this.#proven.delete(this.#proven.keys().next().value as string);
    this.#proven.set(key, tile);
    return tile;
  }

  /** What a full tile's hashes must come to. */
  async rootOfTile(level: number, index: number): Promise<HashText | BrokenTile> {
    const above = await this.tile(level + 1, Math.floor(index / WIDTH));
    return above.state === 'proven'
      ? (above.hashes[index % WIDTH] as HashText)
      : { path: above.path, code: above.code };
  }

  /** Root of the first `size` leaves. */
  async rootAt(size: number): Promise<HashText | BrokenTile> {
    const edge: HashText[][] = [];
    for (let level = 0; level < levelsOf(size); level++) {
      const index = Math.floor(size / WIDTH ** (level + 1));
      const width = widthOf(level, index, size);
      if (width === 0) {
        edge.push([]);
        continue;
      }
      const tile = await this.tile(level, index);
      if (tile.state === 'broken') return { path: tile.path, code: tile.code };
      edge.push(tile.hashes.slice(0, width));
    }
    return rootOfEdge(edge);
  }

  async #prove(level: number, index: number): Promise<Committed> {
    const root = await this.rootOfTile(level, index);
    if (typeof root !== 'string') return { state: 'broken', ...root };
    const read = await readTile(this.#source, level, index, WIDTH);
    if (read.state !== 'read') return { state: 'broken', ...brokenFile(read.path, read.state) };
    const hashes = hashesOf(read.value);
    return rootOf([...hashes]) === root
      ? { state: 'proven', hashes }
      : { state: 'broken', path: read.path, code: 'tile-altered' };
  }
}

function brokenFile(path: string, state: 'missing' | 'malformed'): BrokenTile {
  return { path, code: state === 'missing' ? 'tile-missing' : 'tile-malformed' };
}
