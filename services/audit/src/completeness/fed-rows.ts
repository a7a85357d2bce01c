import type { KeyObject } from 'node:crypto';
import { bucketOf } from './bucket-tree.js';
import type { HeadBucket } from './head-bucket.js';
import { FED_ROW_BYTES } from './history-feed.js';
import { labelOf } from './labels.js';

const SUBJECT_BYTES = 16;
const NONE = -1;
const ROWS_AT_ONCE = 5_000;
const WORDS: readonly number[] = [12, 8, 4, 0];

/** A person's rows among those fed. */
interface Followed {
  label: Buffer;
  /** Index of the first row; the others follow it. */
  first: number;
}

/** Rows of many pulls, brought together by person and bucket. */
export class FedRows {
  readonly #rows: Buffer;
  /** The same person's next row. */
  readonly #next: Int32Array;
  readonly #byBucket = new Map<number, Followed[]>();

  private constructor(rows: Buffer) {
    this.#rows = rows;
    this.#next = new Int32Array(rows.length / FED_ROW_BYTES).fill(NONE);
  }

  /**
   * @param fed rows as the feed has them, in its order
   * @param rest is waited for after every few milliseconds of work: the log and the intake share this thread
   */
  static async of(secret: KeyObject, fed: Buffer, rest: () => Promise<unknown>): Promise<FedRows> {
    const rows = new FedRows(fed);
    // Open addressing over the first rows of persons: a Map of texts took ten times as long.
    const slots = new Int32Array(2 ** Math.ceil(Math.log2(rows.count * 2 + 2))).fill(NONE);
    const last = new Int32Array(rows.count);
    for (let row = 0; row < rows.count; row++) {
      let slot = rows.#word(row, 12) & (slots.length - 1);
      while (slots[slot] !== NONE && !rows.#samePerson(slots[slot]!, row)) slot = (slot + 1) & (slots.length - 1);
      const first = slots[slot]!;
      if (first === NONE) {
        slots[slot] = row;
        last[row] = row;
        rows.#follow(secret, row);
      } else {
        rows.#next[last[first]!] = row;
        last[first] = row;
      }
      if (row % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await rest();
    }
    return rows;
  }

  get count(): number {
    return this.#next.length;
  }

  buckets(): number[] {
    return [...this.#byBucket.keys()].sort((a, b) => a - b);
  }

  /** Chains the rows of this bucket's persons to what it holds of them. */
  addTo(index: number, bucket: HeadBucket): void {
    for (const { label, first } of this.#byBucket.get(index) ?? []) {
      const head = bucket.head(label);
      for (let row = first; row !== NONE; row = this.#next[row]!) {
        const at = row * FED_ROW_BYTES + SUBJECT_BYTES;
        head.add(this.#rows[at]!, this.#rows[at + 1]!, this.#rows, at + 2);
      }
    }
  }

  #follow(secret: KeyObject, row: number): void {
    const at = row * FED_ROW_BYTES;
    const { label } = labelOf(secret, this.#rows.subarray(at, at + SUBJECT_BYTES));
    const bucket = bucketOf(label);
    const others = this.#byBucket.get(bucket);
    if (others === undefined) this.#byBucket.set(bucket, [{ label, first: row }]);
    else others.push({ label, first: row });
  }

  /** Of the subject of a row; its last bytes are random in every uuid version. */
  #word(row: number, at: number): number {
    return this.#rows.readInt32LE(row * FED_ROW_BYTES + at);
  }

  #samePerson(row: number, other: number): boolean {
    return WORDS.every((at) => this.#word(row, at) === this.#word(other, at));
  }
}
