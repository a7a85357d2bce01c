import { uuidBytes } from '@sluice/contracts';
import type { Pool } from 'pg';
import type { HistoryColumns } from './history-columns.js';

const LOAD_EVERY_MS = 1_000;
const SUBJECT_BYTES = 16;

/** New rows of those who want to be told, to be queued with the pull. */
export interface QueuedRows {
  subjects: Buffer[];
  at: Date[];
  refs: bigint[];
}

/** Who is subscribed. Known by the first four bytes; of others a row costs a look-up of a number. */
export class Subscribers {
  #byPrefix = new Map<number, Buffer[]>();
  #loadedAt = -Infinity;

  constructor(private readonly pool: Pool) {}

  /** Loads them again where that is due. */
  async refresh(): Promise<void> {
    if (performance.now() - this.#loadedAt < LOAD_EVERY_MS) return;
    this.#loadedAt = performance.now();
    const { rows } = await this.pool.query<{ subject: string }>('select subject from audit.history_subscription');
    const byPrefix = new Map<number, Buffer[]>();
    for (const { subject } of rows) {
      const bytes = uuidBytes(subject);
      const prefix = bytes.readUInt32BE(0);
      byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), bytes]);
    }
    this.#byPrefix = byPrefix;
  }

  rowsAmong(history: HistoryColumns): QueuedRows {
    const queued: QueuedRows = { subjects: [], at: [], refs: [] };
    if (this.#byPrefix.size === 0) return queued;
    const bytes = history.subjects.bytes;
    for (const { subjectAt, refAt, time } of history.placed()) {
      const known = this.#byPrefix.get(bytes.readUInt32BE(subjectAt));
      const subject = known?.find(
        (one) => bytes.compare(one, 0, SUBJECT_BYTES, subjectAt, subjectAt + SUBJECT_BYTES) === 0,
      );
      if (subject === undefined) continue;
      queued.subjects.push(subject);
      queued.at.push(new Date(time));
      queued.refs.push(history.refs.bytes.readBigInt64BE(refAt));
    }
    return queued;
  }
}
