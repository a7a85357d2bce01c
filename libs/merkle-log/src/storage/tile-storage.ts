/** One object of a log: a path as in https://c2sp.org/tlog-tiles and its bytes. */
export interface StoredObject {
  path: string;
  bytes: Buffer;
}

/**
 * Where a log's objects lie: a folder, or an object store. Paths have `/` between their parts and no part `..`.
 *
 * A storage is written by one writer at a time; a second writer (one that was paused and wakes up) may still write, and
 * the log stays true, because a path below `tile/` only ever gets one content.
 */
export interface TileStorage {
  /** The bytes at a path, or undefined if there is nothing. MUST see every write that was answered. */
  read(path: string): Promise<Buffer | undefined>;

  /**
   * Stores objects, replacing what is there. When it is answered, all of them MUST survive a loss of power. Each MUST
   * appear at its path whole or not at all; in which order they appear, and which do when the call fails, is free.
   */
  write(objects: readonly StoredObject[]): Promise<void>;

  /** Removes objects, or everything below a path; paths that hold nothing are passed over. May be lost with the power. */
  remove(paths: readonly string[]): Promise<void>;

  /** The names directly below a path; none if there is nothing. */
  list(path: string): Promise<string[]>;

  /** Clears away what interrupted writes left behind. MUST NOT touch what `read` can see. */
  sweep(): Promise<void>;
}
