import { MerkleLogError } from '../errors.js';
import { withSignatures } from '../formats/cosignature.js';
import { MAX_ENTRY_BYTES } from '../formats/entry-bundle.js';
import { CHECKPOINT_PATH } from '../formats/log-path.js';
import { parseNote } from '../formats/signed-note.js';
import type { TreeHead } from './high-water.js';
import { journalOf } from './journal.js';
import { type LogParts, publish, recover } from './recover.js';
import type { RightEdge } from './right-edge.js';

/** What an append answers. */
export interface Appended extends TreeHead {
  /** Index of the batch's first leaf. */
  first: number;
  /** The signed note over the tree with the batch. */
  checkpoint: string;
}

/**
 * Writes a log, one batch after another. The steps of a batch, each durable before the next:
 *
 * 1. its leaves go to a journal that nobody else sees;
 * 2. the high-water record moves from the old head to the new one: from here on the batch is in the log;
 * 3. its bundles and tiles are written, full and partial;
 * 4. the new checkpoint is published;
 * 5. the journal and the partial files that have a full form now are removed.
 *
 * A crash up to 2 leaves no trace; after it, the next writer repeats 3 and 4 from the journal. Since nothing is written
 * below `tile/` before the record has moved, two writers at once cannot damage each other: one of them moves it.
 */
export class LogWriter {
  readonly #log: LogParts;
  readonly #edge: RightEdge;
  #head: TreeHead;
  #checkpoint: string;
  #stopped: unknown;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(log: LogParts, edge: RightEdge, checkpoint: string) {
    this.#log = log;
    this.#edge = edge;
    this.#head = edge.head();
    this.#checkpoint = checkpoint;
  }

  /**
   * Opens a log after whatever happened to it; a new one begins empty. The caller goes on with the leaf after the last:
   * `head.size` says how many are in.
   * @throws {MerkleLogError} `log-older-than-known`, `log-forked`, `log-damaged`, `log-moved`, `checkpoint-untrusted`,
   *   `note-malformed`
   */
  static async open(log: LogParts): Promise<LogWriter> {
    const { edge, checkpoint } = await recover(log);
    return new LogWriter(log, edge, checkpoint);
  }

  /** The published tree. */
  get head(): TreeHead {
    return this.#head;
  }

  /** The published signed note. */
  get checkpoint(): string {
    return this.#checkpoint;
  }

  /**
   * Adds leaves in this order, all or none. Calls are carried out one after another; after one failed, the others fail
   * too, and the log must be opened again.
   * @throws {MerkleLogError} `leaf-too-large`, `append-failed`, `log-moved`, `writer-stopped`
   */
  append(leaves: readonly Uint8Array[]): Promise<Appended> {
    return this.#inTurn(() => this.#append(leaves));
  }

  /**
   * Publishes the current checkpoint with the signature lines of witnesses added.
   * @param checkpoint the note that the witnesses were asked about
   * @returns whether it was still the current one
   * @throws {MerkleLogError} `note-malformed`, `append-failed`, `writer-stopped`
   */
  addCosignatures(checkpoint: string, lines: string): Promise<boolean> {
    return this.#inTurn(async () => {
      if (parseNote(checkpoint).text !== parseNote(this.#checkpoint).text) return false;
      const cosigned = withSignatures(this.#checkpoint, lines);
      await this.#orStop(() => this.#publish(cosigned));
      return true;
    });
  }

  async #append(leaves: readonly Uint8Array[]): Promise<Appended> {
    const first = this.#head.size;
    if (leaves.length === 0) return { ...this.#head, first, checkpoint: this.#checkpoint };
    const tooLarge = leaves.findIndex(({ length }) => length > MAX_ENTRY_BYTES);
    if (tooLarge >= 0) {
      throw new MerkleLogError(
        'leaf-too-large',
        `leaf ${tooLarge} of the batch has more than ${MAX_ENTRY_BYTES} bytes`,
      );
    }
    await this.#orStop(() => this.#extend(leaves));
    return { ...this.#head, first, checkpoint: this.#checkpoint };
  }

  async #extend(leaves: readonly Uint8Array[]): Promise<void> {
    const { storage, highWater } = this.#log;
    for (const leaf of leaves) this.#edge.append(leaf);
    const next = this.#edge.head();
    const { objects, superseded } = this.#edge.takeGrowth();
    const journal = journalOf({ from: this.#head.size, ...next }, leaves);
    await storage.write([journal]);
    if (!(await highWater.save(this.#head, next))) throw moved();
    await storage.write(objects);
    await this.#requireOwnCheckpoint();
    this.#checkpoint = await publish(this.#log, next);
    this.#head = next;
    await storage.remove([journal.path, ...superseded]);
  }

  /** A writer that was paused since it moved the record must not put an older checkpoint over its successor's. */
  async #requireOwnCheckpoint(): Promise<void> {
    const current = await this.#log.storage.read(CHECKPOINT_PATH);
    if (current?.toString('utf8') !== this.#checkpoint) throw moved();
  }

  async #publish(note: string): Promise<void> {
    await this.#requireOwnCheckpoint();
    await this.#log.storage.write([{ path: CHECKPOINT_PATH, bytes: Buffer.from(note) }]);
    this.#checkpoint = note;
  }

  async #orStop(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (cause) {
      this.#stopped = cause;
      if (cause instanceof MerkleLogError) throw cause;
      throw new MerkleLogError('append-failed', 'the log could not be written: open it again once its storage works', {
        cause,
      });
    }
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() => {
      if (this.#stopped === undefined) return action();
      throw new MerkleLogError('writer-stopped', 'an earlier append failed: open the log again', {
        cause: this.#stopped,
      });
    });
    this.#queue = turn.catch(() => undefined); // each caller learns of its own failure
    return turn;
  }
}

function moved(): MerkleLogError {
  return new MerkleLogError('log-moved', 'another writer has extended the log: only one may write at a time');
}
