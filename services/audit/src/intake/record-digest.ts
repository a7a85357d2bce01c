import { hash } from 'node:crypto';
import type { PulledRecord } from '@sluice/messaging';

/** Room to begin with: a pull of one topic is at most about so large. */
const INITIAL_BYTES = 1024 * 1024;
const PREFIX_BYTES = 12;
const VARINT_BYTES = 5;

/**
 * The digest of consecutive records of a partition, so that anybody who reads the same records again can check them:
 * SHA-256 over, for each record,
 *
 * ```
 * u64 offset | u32 length of the rest | the record as Kafka's message format 2 writes it, from its key on:
 * varint length (-1: none), key | varint length, value | varint headers | for each: varint length, name | varint length, value
 * ```
 *
 * All is copied together and hashed in one call: thirty small updates a record would cost four times as much.
 */
export class RecordDigest {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #at = 0;

  of(records: readonly PulledRecord[]): Buffer {
    this.#at = 0;
    for (const record of records) this.#add(record);
    return hash('sha256', this.#bytes.subarray(0, this.#at), 'buffer');
  }

  #add({ offset, key, value, headers }: PulledRecord): void {
    let atMost = PREFIX_BYTES + (key?.length ?? 0) + value.length + 3 * VARINT_BYTES;
    for (const [name, content] of headers) atMost += name.length + content.length + 2 * VARINT_BYTES;
    this.#reserve(atMost);
    const start = this.#at;
    this.#at += PREFIX_BYTES;
    if (key === null) this.#varint(-1);
    else this.#sized(key);
    this.#sized(value);
    this.#varint(headers.length);
    for (const [name, content] of headers) {
      this.#sized(name);
      this.#sized(content);
    }
    this.#bytes.writeBigUInt64BE(offset, start);
    this.#bytes.writeUInt32BE(this.#at - start - PREFIX_BYTES, start + 8);
  }

  #sized(bytes: Buffer): void {
    this.#varint(bytes.length);
    this.#at += bytes.copy(this.#bytes, this.#at);
  }

  /** Zigzag, seven bits a byte, the lowest first. */
  #varint(value: number): void {
    let left = (value << 1) ^ (value >> 31);
    while (left > 0x7f) {
      this.#bytes[this.#at++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    this.#bytes[this.#at++] = left;
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + size));
    this.#bytes.copy(larger, 0, 0, this.#at);
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
