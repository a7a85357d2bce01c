import { MerkleLogError } from '../errors.js';
import { entriesOf } from '../formats/entry-bundle.js';
import { bundlePath, tilePath } from '../formats/log-path.js';
import { HASH_BYTES } from '../tree/hash.js';
import { TILE_WIDTH, type TileAddress } from '../tree/tile.js';
import type { TileStorage } from './tile-storage.js';

/** What reading needs of a storage. */
export type ObjectReader = Pick<TileStorage, 'read'>;

/**
 * The hashes of a tile. A partial tile may have been removed since its full form exists: then its first hashes count.
 * @throws {MerkleLogError} `log-damaged`
 */
export async function readTile(storage: ObjectReader, address: TileAddress): Promise<Buffer> {
  const bytes = await readEither(storage, tilePath(address), tilePath({ ...address, width: TILE_WIDTH }));
  const length = address.width * HASH_BYTES;
  if (bytes === undefined || bytes.length < length) throw damaged(tilePath(address));
  return bytes.subarray(0, length);
}

/**
 * The first `width` entries of a bundle, from its partial or its full form.
 * @throws {MerkleLogError} `log-damaged`
 */
export async function readEntries(storage: ObjectReader, index: number, width: number): Promise<Buffer[]> {
  const path = bundlePath(index, width);
  const bytes = await readEither(storage, path, bundlePath(index, TILE_WIDTH));
  const entries = bytes && entriesOf(bytes);
  if (entries === undefined || entries.length < width) throw damaged(path);
  return entries.slice(0, width);
}

async function readEither(storage: ObjectReader, partial: string, full: string): Promise<Buffer | undefined> {
  const bytes = await storage.read(partial);
  return bytes === undefined && partial !== full ? storage.read(full) : bytes;
}

function damaged(path: string): MerkleLogError {
  return new MerkleLogError('log-damaged', `${path} is missing or cut: restore the log's folder from a copy`);
}
