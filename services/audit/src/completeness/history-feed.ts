import type { KeyObject } from 'node:crypto';
import { ROW_TOPIC } from '../domain/history-row.js';
import type { HistoryColumns } from '../intake/history-columns.js';
import type { IntakeTopics } from '../intake/topics.js';
import { HASH_BYTES, putText } from './hashes.js';
import { RowCommitments } from './row-commitments.js';

const SUBJECT_BYTES = 16;
const STRAND_BYTES = 2;
/** subject | u8 topic | u8 partition | commitment to the row */
export const FED_ROW_BYTES = SUBJECT_BYTES + STRAND_BYTES + HASH_BYTES;

/** What the heads have to take up after a pull. */
export interface Fed {
  /** Rows of `FED_ROW_BYTES` each, in order. */
  rows: Buffer;
  /** How far the topics that rows are made of were taken in with it. */
  topics: string[];
  nextOffsets: bigint[];
}

/** Commits to the rows that a pull adds to histories: what the heads are made from, apart and later. */
export class HistoryFeed {
  readonly #commitments: RowCommitments;
  readonly #topics: ReadonlySet<string>;

  /** @param secret `HISTORY_SECRET` of the key provider */
  constructor(secret: KeyObject, topics: IntakeTopics) {
    this.#commitments = new RowCommitments(secret);
    this.#topics = new Set(Object.keys(ROW_TOPIC).map((role) => topics[role as keyof typeof ROW_TOPIC]));
  }

  /** Undefined where the pull has nothing to do with histories. */
  of(history: HistoryColumns, records: readonly { topic: string; nextOffset: bigint }[]): Fed | undefined {
    const taken = records.filter(({ topic }) => this.#topics.has(topic));
    if (taken.length === 0) return undefined;
    return {
      rows: this.#commitTo(history),
      topics: taken.map(({ topic }) => topic),
      nextOffsets: taken.map(({ nextOffset }) => nextOffset),
    };
  }

  #commitTo(history: HistoryColumns): Buffer {
    const rows = Buffer.allocUnsafe(history.count * FED_ROW_BYTES);
    const [subjects, refs, entries] = [history.subjects.bytes, history.refs.bytes, history.entries.bytes];
    let at = 0;
    for (const { subjectAt, refAt, time, entryAt, length } of history.placed()) {
      subjects.copy(rows, at, subjectAt, subjectAt + SUBJECT_BYTES);
      const [topic, partition] = strandOf(refs, refAt);
      rows[at + SUBJECT_BYTES] = topic;
      rows[at + SUBJECT_BYTES + 1] = partition;
      const commitment = this.#commitments.commit({ refs, refAt, time, entries, entryAt, length });
      putText(rows, at + SUBJECT_BYTES + STRAND_BYTES, commitment, 0, HASH_BYTES);
      at += FED_ROW_BYTES;
    }
    return rows;
  }
}

/** The topic's number and the partition that a row's ref names: 3 and 6 bits below the sign. */
export function strandOf(ref: Buffer, at: number): [topic: number, partition: number] {
  const high = ref.readUInt32BE(at);
  return [high >>> 28, (high >>> 22) & 0x3f];
}
