import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka';
import { MessagingError } from '../errors.js';
import { ByteCursor } from './byte-cursor.js';

export type HeaderPair = readonly [name: Buffer, value: Buffer];

const NOTHING = Buffer.alloc(0);
/** Offset and length: what stands before the counted bytes of a batch. */
const UNCOUNTED_BYTES = 12;
const COMPRESSION_BITS = 0b111;
const CONTROL_BIT = 1 << 5;

/** A record whose headers are only looked at when asked for: making views of a dozen costs more than the rest of it. */
export class ReadRecord {
  readonly #bytes: Buffer;
  readonly #headersAt: number;
  #headers: HeaderPair[] | undefined;

  constructor(
    readonly offset: bigint,
    readonly timestamp: bigint,
    readonly key: Buffer | null,
    readonly value: Buffer,
    bytes: Buffer,
    headersAt: number,
  ) {
    this.#bytes = bytes;
    this.#headersAt = headersAt;
  }

  get headers(): readonly HeaderPair[] {
    if (this.#headers) return this.#headers;
    const cursor = new ByteCursor(this.#bytes, this.#headersAt);
    const count = cursor.varint();
    const headers = new Array<HeaderPair>(count);
    for (let index = 0; index < count; index++) {
      headers[index] = [cursor.varintBytes() ?? NOTHING, cursor.varintBytes() ?? NOTHING];
    }
    this.#headers = headers;
    return headers;
  }

  /** The last header of this name, without making views of the others. */
  header(name: Buffer): Buffer | undefined {
    const cursor = new ByteCursor(this.#bytes, this.#headersAt);
    let found: Buffer | undefined;
    for (let left = cursor.varint(); left > 0; left--) {
      const length = cursor.varint();
      const start = cursor.at;
      cursor.at += length;
      if (length === name.length && this.#bytes.compare(name, 0, length, start, cursor.at) === 0) {
        found = cursor.varintBytes() ?? NOTHING;
      } else {
        cursor.skipVarintBytes();
      }
    }
    return found;
  }
}

/**
 * The records of consecutive batches (format 2) at or after `from`. A batch that was cut off at the end is left out,
 * and a batch that begins before `from` gives only its later records. Resolves where to read on.
 */
export function readBatches(bytes: Buffer, from: bigint): { records: ReadRecord[]; nextOffset: bigint } {
  const records: ReadRecord[] = [];
  let nextOffset = from;
  let at = 0;
  while (bytes.length - at >= UNCOUNTED_BYTES) {
    const end = at + UNCOUNTED_BYTES + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    const last = readBatch(bytes.subarray(at, end), from, records);
    if (last >= nextOffset) nextOffset = last + 1n;
    at = end;
  }
  return { records, nextOffset };
}

function readBatch(batch: Buffer, from: bigint, into: ReadRecord[]): bigint {
  const firstOffset = batch.readBigInt64BE(0);
  const attributes = batch.readInt16BE(21);
  const lastOffset = firstOffset + BigInt(batch.readInt32BE(23));
  if (attributes & CONTROL_BIT || lastOffset < from) return lastOffset;
  const firstTimestamp = batch.readBigInt64BE(27);
  const count = batch.readInt32BE(57);
  const records = decompress(batch.subarray(61), attributes & COMPRESSION_BITS);
  const skipBelow = from > firstOffset ? Number(from - firstOffset) : 0;
  const cursor = new ByteCursor(records);
  for (let left = count; left > 0; left--) {
    const length = cursor.varint();
    const end = cursor.at + length;
    cursor.at++; // attributes: unused
    const timestampDelta = cursor.varlong();
    const offsetDelta = cursor.varint();
    if (offsetDelta >= skipBelow) {
      const key = cursor.varintBytes();
      const value = cursor.varintBytes() ?? NOTHING;
      const timestamp = timestampDelta === 0 ? firstTimestamp : firstTimestamp + BigInt(timestampDelta);
      into.push(new ReadRecord(firstOffset + BigInt(offsetDelta), timestamp, key, value, records, cursor.at));
    }
    cursor.at = end;
  }
  return lastOffset;
}

function decompress(bytes: Buffer, algorithm: number): Buffer {
  if (algorithm === 0) return bytes;
  const found = compressionsAlgorithmsByBitmask[algorithm];
  if (!found) throw new MessagingError('broker-error', `a batch is compressed by an unknown method (${algorithm})`);
  return found.decompressSync(bytes);
}
