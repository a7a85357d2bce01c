import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Where a log is read from: the bytes at a path of https://c2sp.org/tlog-tiles (`checkpoint`, `tile/0/000` ...), undefined
 * if there are none. Rejects when that cannot be told.
 */
export type LogSource = (path: string) => Promise<Buffer | undefined>;

const HTTP_TRIES = 4;
const FIRST_PAUSE_MS = 200;

/** A log in a folder. */
export function folderSource(folder: string): LogSource {
  return async (path) => {
    try {
      return await readFile(join(folder, path));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  };
}

/** A log served over HTTP; `prefix` is the URL that the paths are appended to. */
export function httpSource(prefix: string): LogSource {
  const base = prefix.endsWith('/') ? prefix : `${prefix}/`;
  return async (path) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await get(`${base}${path}`);
      } catch (error) {
        // A log of millions of files is not given up for one lost connection.
        if (attempt === HTTP_TRIES) throw error;
        await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1));
      }
    }
  };
}

async function get(url: string): Promise<Buffer | undefined> {
  const response = await fetch(url);
  if (response.ok) return Buffer.from(await response.arrayBuffer());
  await response.body?.cancel();
  if (response.status === 404) return undefined;
  throw new Error(`${url} answered ${response.status}`);
}
