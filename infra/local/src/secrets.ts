import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Generated passwords and keys of one data folder: a file each, readable by its owner only. */
export class Secrets {
  constructor(readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Only where it is needed: a container may see the folder read-only.
    if ((statSync(directory).mode & 0o777) !== 0o700) chmodSync(directory, 0o700);
  }

  /** The secret of this name; made from `make` (default: 24 random bytes as base64url) when there is none yet. */
  get(name: string, make: () => string = () => randomBytes(24).toString('base64url')): string {
    const file = this.path(name);
    const existing = readIfPresent(file);
    if (existing !== undefined) return existing;
    // Written beside and linked into place, so that neither a crash nor a second process leaves half a secret.
    const fresh = `${file}.${randomBytes(6).toString('hex')}`;
    writeFileSync(fresh, `${make()}\n`, { mode: 0o600, flag: 'wx' });
    try {
      linkSync(fresh, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(fresh);
    }
    return readFileSync(file, 'utf8').trim();
  }

  path(name: string): string {
    return join(this.directory, name);
  }
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
