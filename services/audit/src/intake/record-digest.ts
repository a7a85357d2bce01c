import { hash } from 'node:crypto';
import type { PulledRecord } from '@sluice/messaging';

/** What of a record its digest is made of. */
export type DigestedRecord = Pick<PulledRecord, 'offset' | 'body'>;

/** Room to begin with: a pull of one topic is at most about so large. */
const INITIAL_BYTES = 1024 * 1024;
const PREFIX_BYTES = 12;

/**
 * The digest of consecutive records of a partition, so that anybody who reads the same records again can check them:
 * SHA-256 over, for each record,
 *
 * ```
 * u64 offset | u32 length of the rest | the record as it lies in the topic (Kafka's message format 2), from its key on:
 * varint length (-1: none), key | varint length, value | varint headers | for each: varint length, name | varint length, value
 * ```
 *
 * Over the bytes as they came: with a look at each header it cost three times as much (2.9 us a record of 1 KB). All is
 * copied together and hashed in one call.
 */
export class RecordDigest {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);

  of(records: readonly DigestedRecord[]): Buffer {
    return Buffer.from(hash('sha256', this.#joined(records), 'binary'), 'latin1');
  }

  /** Of one record, base64: a text is made in a third of the time that a Buffer takes. */
  textOf(record: DigestedRecord): string {
    return hash('sha256', this.#joined([record]), 'base64');
  }

  /** A view that holds until the next call. */
  #joined(records: readonly DigestedRecord[]): Buffer {
    let at = 0;
    for (const { offset, body } of records) {
      const end = at + PREFIX_BYTES + body.length;
      if (end > this.#bytes.length) this.#grow(at, end);
      this.#bytes.writeBigUInt64BE(offset, at);
      this.#bytes.writeUInt32BE(body.length, at + 8);
      body.copy(this.#bytes, at + PREFIX_BYTES);
      at = end;
    }
    return this.#bytes.subarray(0, at);
  }

  #grow(used: number, needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, needed));
    this.#bytes.copy(larger, 0, 0, used);
    this.#bytes = larger;
  }
}

/** Before the first link of a chain. */
export const FIRST_LINK = Buffer.alloc(32);

/** The next link of a partition's chain: SHA-256 over the link before, what was taken from where, and its digest. */
export function nextLink(
  link: Buffer,
  taken: { topic: string; partition: number; firstOffset: bigint; nextOffset: bigint; count: number; digest: Buffer },
): Buffer {
  const { topic, partition, firstOffset, nextOffset, count, digest } = taken;
  const place = Buffer.from(`${topic}|${partition}|${firstOffset}|${nextOffset}|${count}|`);
  return hash('sha256', Buffer.concat([link, place, digest]), 'buffer');
}
