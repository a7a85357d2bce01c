import { mkdirSync, readFileSync, renameSync, statfsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { diskFull, inWords, StackFailure } from './failure.js';
import { DirectoryLock } from './process/directory-lock.js';
import { Secrets } from './secrets.js';

/** Less than this and PostgreSQL or Kafka would soon fail in the middle of a write. */
const LEAST_FREE_BYTES = 256 * 1024 * 1024;

/** Raised when the layout of the folder changes so that an older stack could not use it, or the reverse. */
const FORMAT = 1;

/** One stack's folder: everything it keeps lies below it, and one stack at a time uses it. */
export class DataDirectory {
  readonly secrets: Secrets;
  readonly #lock: DirectoryLock;

  /** Creates the folder where it is missing. Throws `data-in-use`, `data-from-another-version`, `data-not-reachable`. */
  static open(directory: string): DataDirectory {
    const path = resolve(directory);
    try {
      mkdirSync(path, { recursive: true, mode: 0o755 });
      const lock = DirectoryLock.acquire(path);
      try {
        requireSpace(path);
        requireFormat(path);
        return new DataDirectory(path, lock);
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      throw inWords(error, path);
    }
  }

  private constructor(
    readonly path: string,
    lock: DirectoryLock,
  ) {
    this.#lock = lock;
    this.secrets = new Secrets(join(path, 'secrets'));
  }

  /** A file or folder inside. */
  at(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  logFile(name: string): string {
    return this.at('logs', `${name}.log`);
  }

  /** See `ProcessPlan.runFile`. */
  runFile(name: string): string {
    return this.at('run', `${name}.json`);
  }

  /** Lets another stack use the folder. */
  close(): void {
    this.#lock.release();
  }
}

function requireSpace(path: string): void {
  const { bavail, bsize } = statfsSync(path);
  if (bavail * bsize < LEAST_FREE_BYTES) throw diskFull(path);
}

function requireFormat(path: string): void {
  const file = join(path, 'stack.json');
  let format: unknown;
  try {
    format = (JSON.parse(readFileSync(file, 'utf8')) as { format?: unknown }).format;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw damaged(path, 'its stack.json cannot be read');
    writeFileSync(`${file}.new`, `${JSON.stringify({ format: FORMAT })}\n`);
    renameSync(`${file}.new`, file);
    return;
  }
  if (format !== FORMAT) throw fromAnotherVersion(path, 'another version of this stack');
}

export function damaged(path: string, what: string, cause?: unknown): StackFailure {
  return new StackFailure(
    'data-damaged',
    `The data folder ${path} is damaged (${what}); restore it from a backup, or delete it to start empty.`,
    { cause },
  );
}

export function fromAnotherVersion(path: string, maker: string): StackFailure {
  return new StackFailure(
    'data-from-another-version',
    `The data folder ${path} was made by ${maker}; use that version, or choose another folder with --data-dir.`,
  );
}
