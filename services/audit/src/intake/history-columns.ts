import { uuidBytes } from '@sluice/contracts';
import { type RowTopic, rowRef } from '../domain/history-row.js';
import type { EntrySink } from '../domain/ledger-entries.js';
import { ARRAY_HEAD_BYTES, BinaryArray } from './binary-array.js';

/** What the rows of one record have in common. */
export interface RowOrigin {
  topic: RowTopic;
  partition: number;
  offset: bigint;
  /** Ms since 1970. */
  at: number;
}

/** Where the bytes of a row lie in the columns. */
export interface PlacedRow {
  subjectAt: number;
  refAt: number;
  /** Ms since 1970. */
  time: number;
  entryAt: number;
  length: number;
}

/** The rows of one pull for the history, column by column. */
export class HistoryColumns {
  readonly subjects = new BinaryArray('uuid');
  readonly times = new BinaryArray('timestamptz');
  readonly refs = new BinaryArray('bigint');
  readonly entries = new BinaryArray('bytea');
  readonly #times: number[] = [];

  get count(): number {
    return this.subjects.count;
  }

  /** One row that is made of a whole record. */
  add(origin: RowOrigin, subject: string, entry: Buffer): void {
    this.#place(origin, 0);
    this.subjects.add(uuidBytes(subject));
    this.entries.add(entry);
  }

  /** Rows that are written in place, one for each source of a ledger batch. */
  sinkFor(origin: RowOrigin): EntrySink {
    return {
      row: (index, subject, subjectAt, length) => {
        this.#place(origin, index);
        const at = this.subjects.next(16);
        subject.copy(this.subjects.bytes, at, subjectAt, subjectAt + 16);
        const entryAt = this.entries.next(length);
        return { into: this.entries.bytes, at: entryAt };
      },
    };
  }

  /** Each row in order; places are of its bytes in the columns. */
  *placed(): Generator<PlacedRow> {
    let entryAt = ARRAY_HEAD_BYTES;
    for (let i = 0; i < this.count; i++) {
      const length = this.entries.bytes.readInt32BE(entryAt);
      yield {
        subjectAt: ARRAY_HEAD_BYTES + i * (4 + 16) + 4,
        refAt: ARRAY_HEAD_BYTES + i * (4 + 8) + 4,
        time: this.#times[i]!,
        entryAt: entryAt + 4,
        length,
      };
      entryAt += 4 + length;
    }
  }

  clear(): void {
    this.#times.length = 0;
    for (const column of [this.subjects, this.times, this.refs, this.entries]) column.clear();
  }

  /** First of all columns: it alone may refuse, and no column may be longer than another. */
  #place({ topic, partition, offset, at }: RowOrigin, index: number): void {
    const [high, low] = rowRef(topic, partition, Number(offset), index);
    this.times.addTime(at);
    this.#times.push(at);
    this.refs.addHalves(high, low);
  }
}
