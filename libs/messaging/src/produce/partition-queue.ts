import { MessagingError } from '../errors.js';
import { BATCH_HEAD_BYTES, bodyBytes, encodeBatch } from './record-batch.js';
import type { OutgoingRecord } from './record-producer.js';
import type { RefusedRecord, SendCall } from './send-call.js';

/**
 * Bytes of one batch. A broker's `max.message.bytes` (1 MiB here) is a limit on batches, not on records,
 * so that merging what waits must stop below it. A single larger record goes alone, for the broker to judge.
 */
export const BATCH_BYTES = 900 * 1024;

/** Room for a record's length and offset delta, which are only known when the batch is cut. */
const LENGTH_AND_DELTA_BYTES = 8;

interface Entry {
  record: OutgoingRecord;
  body: number;
  call: SendCall;
}

/** Records under consecutive sequence numbers: sent again as the same bytes until the broker has answered for them. */
export interface Batch {
  queue: PartitionQueue;
  entries: Entry[];
  bytes: Buffer;
  firstSequence: number;
}

/**
 * What is to be sent to one partition, in order. At most one batch of it is on its way, so that no retry can overtake.
 *
 * - `waiting` has no sequence numbers yet.
 * - `unanswered` went out and was not answered for: it goes first, unchanged, so that the broker recognises it.
 * - `epoch` rises when the numbering must start anew; the broker then refuses what an older epoch may have under way.
 */
export class PartitionQueue {
  /** Backing off until then; in ms of `performance.now()`, as all times here. */
  notBefore = 0;
  /** Attempts without an answer since the last one with. */
  failures = 0;
  /** Since when it has had something to send and made no progress. */
  stuckSince = 0;
  #waiting: Entry[] = [];
  #onItsWay: Batch | undefined;
  #unanswered: Batch | undefined;
  #nextSequence = 0;
  #epoch = 0;
  /** How many of the next records go one by one, to find the one that the broker refuses. */
  #singly = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  /** Has something to send, and nothing on its way. */
  get ready(): boolean {
    return this.#onItsWay === undefined && (this.#unanswered !== undefined || this.#waiting.length > 0);
  }

  push(record: OutgoingRecord, call: SendCall): void {
    if (!this.ready && !this.#onItsWay) this.stuckSince = performance.now();
    this.#waiting.push({ record, body: bodyBytes(record), call });
  }

  /** The batch to send now; MUST be followed by one of the answers below. */
  take(producerId: bigint): Batch {
    const batch = this.#unanswered ?? this.#number(this.#waiting.splice(0, this.#countForBatch()), producerId);
    this.#unanswered = undefined;
    this.#onItsWay = batch;
    return batch;
  }

  stored(batch: Batch): void {
    this.#answered();
    this.#nextSequence = batch.firstSequence + batch.entries.length;
    for (const { call } of batch.entries) call.stored();
  }

  /** Nobody knows whether it was stored, or it certainly was not for a reason that passes: the same bytes again. */
  unanswered(batch: Batch): void {
    this.#onItsWay = undefined;
    this.#unanswered = batch;
  }

  /** The broker has no memory of the numbers before: the same records under a new epoch. */
  renumber(batch: Batch, producerId: bigint): void {
    this.#onItsWay = undefined;
    this.#newEpoch();
    this.#unanswered = this.#number(batch.entries, producerId);
  }

  /** The broker stored nothing of the batch, because of one of its records. */
  refused(batch: Batch, reason: RefusedRecord['reason']): void {
    this.#answered();
    this.#nextSequence = batch.firstSequence;
    if (batch.entries.length > 1) {
      this.#waiting.unshift(...batch.entries);
      this.#singly = batch.entries.length;
      return;
    }
    for (const { record, call } of batch.entries) call.refused(record, reason);
    const message = `an earlier record of ${this.topic}/${this.partition} was refused: ${reason}`;
    this.drop(new MessagingError('held-back', message));
  }

  /** The broker stored nothing of the batch, and never will. */
  rejected(batch: Batch, error: MessagingError): void {
    this.#answered();
    this.#nextSequence = batch.firstSequence;
    for (const { record, call } of batch.entries) call.unsent(record, error);
    this.drop(error);
  }

  /** Gives up on all that waits. Later records are numbered so that nothing still under way can come after them. */
  drop(error: MessagingError): void {
    const dropped = [...(this.#unanswered?.entries ?? []), ...this.#waiting];
    if (this.#unanswered) this.#newEpoch();
    this.#unanswered = undefined;
    this.#waiting = [];
    this.#singly = 0;
    for (const { record, call } of dropped) call.unsent(record, error);
  }

  #answered(): void {
    this.#onItsWay = undefined;
    this.failures = 0;
    this.stuckSince = performance.now();
  }

  #countForBatch(): number {
    if (this.#singly > 0) {
      this.#singly--;
      return 1;
    }
    let bytes = BATCH_HEAD_BYTES;
    let count = 0;
    for (const { body } of this.#waiting) {
      bytes += body + LENGTH_AND_DELTA_BYTES;
      if (count > 0 && bytes > BATCH_BYTES) break;
      count++;
    }
    return count;
  }

  #number(entries: Entry[], producerId: bigint): Batch {
    const firstSequence = this.#nextSequence;
    const bytes = encodeBatch(
      entries.map((entry) => entry.record),
      entries.map((entry) => entry.body),
      { producerId, epoch: this.#epoch, firstSequence },
      Date.now(),
    );
    return { queue: this, entries, bytes, firstSequence };
  }

  #newEpoch(): void {
    this.#epoch++;
    this.#nextSequence = 0;
  }
}
