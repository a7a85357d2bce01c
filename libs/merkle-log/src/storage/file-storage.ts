import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StoredObject, TileStorage } from './tile-storage.js';

/** Where files are written before they get their name; on the same file system, never served. */
const DRAFTS = '.drafts';

/** A log in a folder. Its `checkpoint` and everything below `tile/` can be served as they lie. */
export class FileTileStorage implements TileStorage {
  readonly #root: string;
  /** Folders known to be on disk with their own entry in their parent. */
  readonly #durableFolders = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  async read(path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.#root, path));
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  }

  async write(objects: readonly StoredObject[]): Promise<void> {
    const folders = new Set(objects.map(({ path }) => dirname(join(this.#root, path))));
    const unsynced = new Set(folders);
    const made: string[] = [];
    for (const folder of [join(this.#root, DRAFTS), ...folders]) {
      for (let at = folder; !this.#durableFolders.has(at); at = dirname(at)) {
        made.push(at);
        unsynced.add(dirname(at));
        if (at === this.#root) break;
      }
      await mkdir(folder, { recursive: true });
    }
    await settleAll(objects.map((object) => this.#place(object)));
    await settleAll([...unsynced].map(syncFolder));
    for (const folder of made) this.#durableFolders.add(folder);
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const full = join(this.#root, path);
      await rm(full, { recursive: true, force: true });
      this.#durableFolders.delete(full);
    }
  }

  async list(path: string): Promise<string[]> {
    try {
      return await readdir(join(this.#root, path));
    } catch (error) {
      if (isAbsence(error)) return [];
      throw error;
    }
  }

  async sweep(): Promise<void> {
    const drafts = await this.list(DRAFTS);
    await this.remove(drafts.map((draft) => `${DRAFTS}/${draft}`));
  }

  /** Whole or not at all: the bytes are on disk before the name points to them. */
  async #place({ path, bytes }: StoredObject): Promise<void> {
    const draft = join(this.#root, DRAFTS, randomUUID());
    try {
      const file = await open(draft, 'wx', 0o644);
      try {
        await file.writeFile(bytes);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(draft, join(this.#root, path));
    } catch (error) {
      // On a full disk the half-written draft is what fills it.
      await rm(draft, { force: true });
      throw error;
    }
  }
}

/** Waits for all, even when one fails: no write may go on behind the back of a caller that was told of a failure. */
async function settleAll(actions: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(actions)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isAbsence(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR';
}
