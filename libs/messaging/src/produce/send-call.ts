import { MessagingError } from '../errors.js';
import type { OutgoingRecord } from './record-producer.js';

export interface RefusedRecord {
  record: OutgoingRecord;
  reason: 'too-large' | 'invalid';
}

/** A `send` that did not store all its records. Those that are in neither list are stored. */
export interface PublishShortfall {
  /** The first record of each partition that the broker refused for itself. */
  refused: RefusedRecord[];
  /** Not stored (or, after `unreachable`, not known to be), in the order given. */
  unsent: OutgoingRecord[];
}

/** The broker refused a record for itself; sending it again is in vain. */
export class PublishRefused extends Error implements PublishShortfall {
  override readonly name = 'PublishRefused';

  constructor(
    readonly refused: RefusedRecord[],
    readonly unsent: OutgoingRecord[],
  ) {
    super(`the broker refused ${refused.length} record(s): ${refused.map(({ reason }) => reason).join(', ')}`);
  }
}

/** Records did not get through, none of them for its own fault. */
export class PublishFailed extends MessagingError implements PublishShortfall {
  override readonly name = 'PublishFailed';
  readonly refused: RefusedRecord[] = [];

  constructor(
    cause: MessagingError,
    readonly unsent: OutgoingRecord[],
  ) {
    super(cause.code, cause.message, { cause });
  }
}

/** One call of `send`: settles when the fate of each of its records is known. */
export class SendCall {
  readonly promise: Promise<void>;
  readonly #records: readonly OutgoingRecord[];
  readonly #settle: { resolve: () => void; reject: (error: Error) => void };
  readonly #refused: RefusedRecord[] = [];
  readonly #unsent = new Set<OutgoingRecord>();
  #open: number;
  #error: MessagingError | undefined;

  constructor(records: readonly OutgoingRecord[]) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.promise = promise;
    this.#settle = { resolve, reject };
    this.#records = records;
    this.#open = records.length;
    if (this.#open === 0) resolve();
  }

  stored(): void {
    this.#close();
  }

  refused(record: OutgoingRecord, reason: RefusedRecord['reason']): void {
    this.#refused.push({ record, reason });
    this.#close();
  }

  unsent(record: OutgoingRecord, error: MessagingError): void {
    this.#unsent.add(record);
    // What held others back is less telling than what stopped them.
    if (this.#error === undefined || this.#error.code === 'held-back') this.#error = error;
    this.#close();
  }

  #close(): void {
    this.#open--;
    if (this.#open > 0) return;
    const unsent = this.#unsent.size > 0 ? this.#records.filter((record) => this.#unsent.has(record)) : [];
    if (this.#refused.length > 0) this.#settle.reject(new PublishRefused(this.#refused, unsent));
    else if (this.#error) this.#settle.reject(new PublishFailed(this.#error, unsent));
    else this.#settle.resolve();
  }
}
