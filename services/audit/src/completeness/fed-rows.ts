import type { KeyObject } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { bucketOf } from './bucket-tree.js';
import type { HeadBucket } from './head-bucket.js';
import { FED_ROW_BYTES } from './history-feed.js';
import { labelOf } from './labels.js';

const SUBJECT_BYTES = 16;
const NONE = -1;
const ROWS_AT_ONCE = 2_000;

/** A person's rows among those fed. */
interface Followed {
  label: Buffer;
  /** Index of the first row; the others follow it through `next`. */
  first: number;
  last: number;
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

  /** @param fed rows as the feed has them, in its order */
  static async of(secret: KeyObject, fed: readonly Buffer[]): Promise<FedRows> {
    const rows = new FedRows(Buffer.concat(fed));
    const bySubject = new Map<string, Followed>();
    for (let row = 0; row < rows.count; row++) {
      rows.#follow(secret, row, bySubject);
      // The log and the intake share this thread.
      if (row % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await setImmediate();
    }
    return rows;
  }

  #follow(secret: KeyObject, row: number, bySubject: Map<string, Followed>): void {
    const at = row * FED_ROW_BYTES;
    const subject = this.#rows.toString('latin1', at, at + SUBJECT_BYTES);
    const known = bySubject.get(subject);
    if (known !== undefined) {
      this.#next[known.last] = row;
      known.last = row;
      return;
    }
    const { label } = labelOf(secret, this.#rows.subarray(at, at + SUBJECT_BYTES));
    const followed = { label, first: row, last: row };
    bySubject.set(subject, followed);
    this.#inBucket(bucketOf(label)).push(followed);
  }

  get count(): number {
    return this.#next.length;
  }

  buckets(): number[] {
    return [...this.#byBucket.keys()].sort((a, b) => a - b);
  }

  /** Chains the rows of this bucket's persons to what it holds of them. */
  addTo(index: number, bucket: HeadBucket): void {
    for (const { label, first } of this.#inBucket(index)) {
      for (let row = first; row !== NONE; row = this.#next[row]!) {
        const at = row * FED_ROW_BYTES + SUBJECT_BYTES;
        const commitment = this.#rows.subarray(at + 2, (row + 1) * FED_ROW_BYTES);
        bucket.add(label, this.#rows[at]!, this.#rows[at + 1]!, commitment);
      }
    }
  }

  #inBucket(index: number): Followed[] {
    let followed = this.#byBucket.get(index);
    if (followed === undefined) {
      followed = [];
      this.#byBucket.set(index, followed);
    }
    return followed;
  }
}
