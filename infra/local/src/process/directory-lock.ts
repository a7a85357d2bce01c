import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StackFailure } from '../failure.js';
import { birthOf } from './identity.js';

/** Says which process uses a data folder. A lock whose process is gone (killed, or the machine restarted) is void. */
export class DirectoryLock {
  readonly #file: string;

  /** Throws `data-in-use` while another live process holds it. */
  static acquire(directory: string): DirectoryLock {
    const file = join(directory, 'stack.lock');
    const mine = `${file}.${randomBytes(6).toString('hex')}`;
    writeFileSync(mine, JSON.stringify({ pid: process.pid, birth: birthOf(process.pid) }));
    try {
      for (;;) {
        try {
          linkSync(mine, file); // atomic, unlike looking first and writing then
          return new DirectoryLock(file);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        }
        const holder = read(file);
        if (holder !== undefined && birthOf(holder.pid) === holder.birth) throw inUse(directory, holder.pid);
        discard(file, holder);
      }
    } finally {
      rmSync(mine, { force: true });
    }
  }

  private constructor(file: string) {
    this.#file = file;
  }

  release(): void {
    rmSync(this.#file, { force: true });
  }
}

interface Holder {
  pid: number;
  birth: string;
}

function read(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** Takes a void lock away. Another start may have done so first and locked: then its lock is put back. */
function discard(file: string, expected: Holder | undefined): void {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const taken = read(aside);
  if (taken?.birth !== expected?.birth) {
    try {
      linkSync(aside, file);
    } catch {
      // A third start holds it now; the one put aside finds out when it looks at its ports.
    }
  }
  rmSync(aside, { force: true });
}

function inUse(directory: string, pid: number): StackFailure {
  return new StackFailure(
    'data-in-use',
    `Another stack (process ${pid}) is using ${directory}; stop it, or choose another folder with --data-dir and other ports with --port-base.`,
  );
}
