import { Frontier } from './frontier.js';
import { HASH_BYTES, type HashText } from './hash.js';

/** Tree levels in one tile, and the hashes of a full one (tlog-tiles: height 8). */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;
export const TILE_BYTES = TILE_WIDTH * HASH_BYTES;

/** Which tile: its level, its index in the level and how many hashes it holds (256: full). */
export interface TileAddress {
  level: number;
  index: number;
  width: number;
}

/** Hashes that tile level `level` has in a tree of `size` leaves: one per complete subtree of 256^level. */
export function hashesAtLevel(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** The tiles at the right edge of a tree that are not full, from level 0 up; levels without one are left out. */
export function partialTiles(size: number): TileAddress[] {
  const tiles: TileAddress[] = [];
  for (let level = 0, hashes = size; hashes > 0; level++, hashes = hashesAtLevel(level, size)) {
    const width = hashes % TILE_WIDTH;
    if (width > 0) tiles.push({ level, index: Math.floor(hashes / TILE_WIDTH), width });
  }
  return tiles;
}

export function hashAt(tile: Buffer, slot: number): HashText {
  return tile.toString('latin1', slot * HASH_BYTES, (slot + 1) * HASH_BYTES);
}

/** Root of the `count` (a power of two) hashes of a tile from `slot` on. */
export function rootInTile(tile: Buffer, slot: number, count: number): HashText {
  if (count === 1) return hashAt(tile, slot);
  const frontier = new Frontier();
  for (let at = slot; at < slot + count; at++) frontier.add(hashAt(tile, at), 0);
  return frontier.root();
}
