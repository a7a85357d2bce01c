import { type LogSource, parseCheckpoint, parseNote } from '@sluice/log-verifier';
import { bundlePath, CHECKPOINT_PATH, entriesOf } from '@sluice/merkle-log';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';

const BUNDLE_WIDTH = 256;
/** Bundles asked for at once, so that a log at an address is read at the speed of the line, not of its delay. */
const READ_AHEAD = 8;

/** A leaf of the log as a person reads it. */
export interface LogEntry {
  index: number;
  /** Absent if the entry is not text. */
  entry?: string;
  /** The bytes as they are, if they are not text. */
  base64?: string;
}

/** How many leaves the newest checkpoint signs; the signature is not looked at. @throws {Failure} */
export async function sizeOf(source: LogSource): Promise<number> {
  const note = (await read(source, CHECKPOINT_PATH))?.toString('utf8');
  if (note === undefined) throw new Failure(EXIT.notFound, 'there is no log: it has no checkpoint');
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '');
  if (checkpoint === undefined) throw new Failure(EXIT.error, 'what is served as the checkpoint is none');
  return checkpoint.size;
}

/**
 * The entries from `from` up to `to`, bundle by bundle, as they are served: `sluice verify range` proves them.
 * @throws {Failure} when a bundle is missing or cut
 */
export async function* entries(source: LogSource, from: number, to: number, size: number): AsyncGenerator<LogEntry[]> {
  const last = Math.ceil(to / BUNDLE_WIDTH);
  const reads: Promise<Buffer[]>[] = [];
  let next = Math.floor(from / BUNDLE_WIDTH);
  for (let bundle = next; bundle < last; bundle++) {
    for (; next < last && reads.length < READ_AHEAD; next++) {
      const ahead = bundleAt(source, next, Math.min(BUNDLE_WIDTH, size - next * BUNDLE_WIDTH));
      // It is awaited later; until then its failure must not end the process.
      ahead.catch(() => {});
      reads.push(ahead);
    }
    const first = bundle * BUNDLE_WIDTH;
    const read = ((await reads.shift()) as Buffer[]).map((bytes, slot) => logEntry(first + slot, bytes));
    yield read.slice(Math.max(0, from - first), to - first);
  }
}

export function logEntry(index: number, bytes: Buffer): LogEntry {
  const entry = bytes.toString('utf8');
  return Buffer.from(entry).equals(bytes) ? { index, entry } : { index, base64: bytes.toString('base64') };
}

/** A log may drop a partial bundle once the full one exists. */
async function bundleAt(source: LogSource, index: number, width: number): Promise<Buffer[]> {
  const path = bundlePath(index, width);
  const bytes = (await read(source, path)) ?? (await read(source, bundlePath(index, BUNDLE_WIDTH)));
  const found = bytes && entriesOf(bytes);
  if (found === undefined || found.length < width) {
    throw new Failure(EXIT.error, `${path} is missing or cut; sluice verify log tells what else is`);
  }
  return found.slice(0, width);
}

async function read(source: LogSource, path: string): Promise<Buffer | undefined> {
  try {
    return await source(path);
  } catch (cause) {
    throw new Failure(EXIT.error, `the log cannot be read: ${(cause as Error).message}`, { cause });
  }
}
