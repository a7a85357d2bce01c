import { MerkleLogError } from './errors.js';
import { parseCheckpoint } from './formats/checkpoint.js';
import { parseDecimal } from './formats/decimal.js';
import { parseNote } from './formats/signed-note.js';
import type { LogReader } from './log-reader.js';

/** A witness that answers later than this is asked again with the next checkpoint. */
const WITNESS_TIMEOUT_MS = 5000;

/** A witness has signed what this log does not continue; {@link known} is the size of it. */
export class WitnessConflict extends MerkleLogError {
  constructor(
    readonly known: number,
    how: string,
  ) {
    super('witness-conflict', `the witness ${how}`);
  }
}

/** Asks one witness for its cosignatures (https://c2sp.org/tlog-witness, add-checkpoint). */
export class WitnessClient {
  readonly #url: string;
  /** The tree that the witness knows, as far as we know. */
  #witnessed = 0;

  /** @param prefix the witness's submission prefix, to which `/add-checkpoint` is appended */
  constructor(prefix: string) {
    this.#url = `${prefix.replace(/\/$/, '')}/add-checkpoint`;
  }

  /**
   * Shows the witness that the log has only grown, up to this checkpoint.
   * @param reader of the log that the checkpoint is of
   * @param signal cuts the wait for the answer short
   * @returns signature lines for {@link LogWriter.addCosignatures}; not verified
   * @throws {MerkleLogError} `witness-unreachable`, `witness-refused`
   * @throws {WitnessConflict}
   */
  async cosign(reader: LogReader, checkpoint: string, signal?: AbortSignal): Promise<string> {
    const { size } = parseCheckpoint(parseNote(checkpoint).text);
    const first = await this.#ask(reader, checkpoint, size, signal);
    if (first.status !== 409) return this.#accept(first, size);
    // It knows another tree than we thought, and says which: another process asked, or we have just started.
    const known = parseDecimal(first.body.trim());
    if (known === undefined) throw refused('answered 409 without a size');
    this.#witnessed = known;
    if (known > size) throw new WitnessConflict(known, `signed ${known} leaves, which is more than ${size}`);
    return this.#accept(await this.#ask(reader, checkpoint, size, signal), size);
  }

  async #ask(reader: LogReader, checkpoint: string, size: number, signal?: AbortSignal): Promise<HttpAnswer> {
    const old = Math.min(this.#witnessed, size);
    const proof = await reader.consistencyProof(old, size);
    const lines = proof.map((hash) => `${hash.toString('base64')}\n`).join('');
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        body: `old ${old}\n${lines}\n${checkpoint}`,
        signal: AbortSignal.any([AbortSignal.timeout(WITNESS_TIMEOUT_MS), ...(signal ? [signal] : [])]),
      });
      return { status: response.status, body: await response.text() };
    } catch (cause) {
      throw new MerkleLogError('witness-unreachable', `${this.#url} did not answer`, { cause });
    }
  }

  #accept({ status, body }: HttpAnswer, size: number): string {
    if (status === 429 || status >= 500) {
      throw new MerkleLogError('witness-unreachable', `${this.#url} answered ${status}`);
    }
    if (status === 422) {
      throw new WitnessConflict(this.#witnessed, `signed ${this.#witnessed} leaves that these ${size} do not continue`);
    }
    if (status !== 200) throw refused(`answered ${status}`);
    this.#witnessed = size;
    return body;
  }
}

interface HttpAnswer {
  status: number;
  body: string;
}

function refused(how: string): MerkleLogError {
  return new MerkleLogError('witness-refused', `the witness ${how}`);
}
