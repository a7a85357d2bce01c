import { uuidBytes } from '@sluice/contracts';
import { type RowTopic, rowRef } from '../domain/history-row.js';
import type { EntrySink } from '../domain/ledger-entries.js';
import { BinaryArray } from './binary-array.js';

/** What the rows of one record have in common. */
export interface RowOrigin {
  topic: RowTopic;
  partition: number;
  offset: bigint;
  /** Ms since 1970. */
  at: number;
}

/** The rows of one pull for the history, column by column. */
export class HistoryColumns {
  readonly subjects = new BinaryArray('uuid');
  readonly times = new BinaryArray('timestamptz');
  readonly refs = new BinaryArray('bigint');
  readonly entries = new BinaryArray('bytea');

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

  clear(): void {
    for (const column of [this.subjects, this.times, this.refs, this.entries]) column.clear();
  }

  /** First of all columns: it alone may refuse, and no column may be longer than another. */
  #place({ topic, partition, offset, at }: RowOrigin, index: number): void {
    const [high, low] = rowRef(topic, partition, Number(offset), index);
    this.times.addTime(at);
    this.refs.addHalves(high, low);
  }
}
