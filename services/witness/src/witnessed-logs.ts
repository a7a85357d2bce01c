import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Head, parseCheckpoint, parseNote } from '@sluice/log-verifier';
import { readText, replaceText } from './durable-file.js';

/** The newest checkpoint that this witness signed of one log. */
export interface Witnessed extends Head {
  /** Signed by the log and by this witness. */
  note: string;
}

/** What the witness has signed, a file per log. Losing these files means signing a fork without noticing. */
export class WitnessedLogs {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined if nothing was ever signed for this log. */
  async newest(origin: string): Promise<Witnessed | undefined> {
    return this.read(originHash(origin));
  }

  /** @param hash of the origin: 64 hex digits */
  async read(hash: string): Promise<Witnessed | undefined> {
    const path = join(this.#folder, `${hash}.checkpoint`);
    const note = await readText(path);
    if (note === undefined) return undefined;
    const parsed = parseNote(note);
    const head = parsed && parseCheckpoint(parsed.text);
    // Going on as if nothing had been signed would be the one mistake a witness must not make.
    if (head === undefined) throw new Error(`${path} is damaged: restore it, or sign under a new name and key`);
    return { size: head.size, root: head.root, note };
  }

  /** Durable when it is answered. */
  async record(origin: string, note: string): Promise<void> {
    await replaceText(join(this.#folder, `${originHash(origin)}.checkpoint`), note);
  }

  /** Two checkpoints of one size and two roots: whoever sees both knows that the log forked. */
  async keepEvidence(origin: string, one: string, other: string): Promise<void> {
    await replaceText(join(this.#folder, `${originHash(origin)}.fork`), `${one}\n${other}`);
  }
}

/** How a log is named in files and URLs: SHA-256 of its origin, in hex. */
export function originHash(origin: string): string {
  return createHash('sha256').update(origin).digest('hex');
}
