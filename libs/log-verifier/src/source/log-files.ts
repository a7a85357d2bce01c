import { parseBundle } from '../formats/bundle.js';
import { pathOf, WIDTH } from '../tree/geometry.js';
import { HASH_BYTES } from '../tree/hash.js';
import type { LogSource } from './log-source.js';

/** A file of the log as far as it can be used; its path is where a finding about it belongs. */
export type Read<T> = { path: string } & ({ state: 'read'; value: T } | { state: 'missing' | 'malformed' });

/** A tile of exactly `width` hashes. */
export async function readTile(source: LogSource, level: number, index: number, width: number): Promise<Read<Buffer>> {
  const { path, bytes, cutTo } = await readPlace(source, level, index, width);
  if (bytes === undefined) return { path, state: 'missing' };
  const length = width * HASH_BYTES;
  if (bytes.length !== cutTo * HASH_BYTES) return { path, state: 'malformed' };
  return { path, state: 'read', value: bytes.subarray(0, length) };
}

/** The `width` entries of a bundle. */
export async function readBundle(source: LogSource, index: number, width: number): Promise<Read<Buffer[]>> {
  const { path, bytes, cutTo } = await readPlace(source, 'entries', index, width);
  if (bytes === undefined) return { path, state: 'missing' };
  const entries = parseBundle(bytes, cutTo);
  if (entries === undefined) return { path, state: 'malformed' };
  return { path, state: 'read', value: entries.length === width ? entries : entries.slice(0, width) };
}

interface Place {
  path: string;
  bytes: Buffer | undefined;
  /** How many hashes or entries the file must hold. */
  cutTo: number;
}

/** A log may drop a partial file once the full one exists (tlog-tiles, partial tiles). */
async function readPlace(source: LogSource, level: number | 'entries', index: number, width: number): Promise<Place> {
  const path = pathOf(level, index, width);
  const bytes = await source(path);
  if (bytes !== undefined || width === WIDTH) return { path, bytes, cutTo: width };
  const full = pathOf(level, index, WIDTH);
  const fullBytes = await source(full);
  return fullBytes === undefined
    ? { path, bytes: undefined, cutTo: width }
    : { path: full, bytes: fullBytes, cutTo: WIDTH };
}
