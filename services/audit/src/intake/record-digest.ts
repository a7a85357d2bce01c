import { hash } from 'node:crypto';
import type { PulledRecord } from '@sluice/messaging';

/** Room to begin with: a pull of one topic is at most about so large. */
const INITIAL_BYTES = 1024 * 1024;

/**
 * The digest of consecutive records of a partition, so that anybody who reads the same records again can check them:
 * SHA-256 over, for each record,
 *
 * ```
 * u64 offset | i32 length (-1: none), key | u32 length, value | u16 headers | for each: u16 length, name | u32 length, value
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
    let size = 18 + (key?.length ?? 0) + value.length;
    for (const [name, content] of headers) size += 6 + name.length + content.length;
    this.#reserve(size);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes.writeBigUInt64BE(offset, at);
    bytes.writeInt32BE(key?.length ?? -1, at + 8);
    at += 12;
    if (key !== null) at += key.copy(bytes, at);
    at = bytes.writeUInt32BE(value.length, at);
    at += value.copy(bytes, at);
    at = bytes.writeUInt16BE(headers.length, at);
    for (const [name, content] of headers) {
      at = bytes.writeUInt16BE(name.length, at);
      at += name.copy(bytes, at);
      at = bytes.writeUInt32BE(content.length, at);
      at += content.copy(bytes, at);
    }
    this.#at = at;
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
