import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka';
import { MessagingError } from '../errors.js';
import { ByteCursor } from './byte-cursor.js';

export type HeaderPair = readonly [name: Buffer, value: Buffer];

const NOTHING = Buffer.alloc(0);
/** Offset and length: what stands before the counted bytes of a batch. */
const UNCOUNTED_BYTES = 12;
const COMPRESSION_BITS = 0b111;
const CONTROL_BIT = 1 << 5;

/**
 * A record of which nothing is looked at before it is asked for: making views of a dozen headers costs more than all the
 * rest of it, and the keeper of the log asks for nothing but `body`.
 */
export class ReadRecord {
  readonly #bytes: Buffer;
  readonly #bodyAt: number;
  readonly #end: number;
  /** 0 until key and value were looked at: a record has bytes before its key. */
  #headersAt = 0;
  #key: Buffer | null = null;
  #value: Buffer = NOTHING;
  #headers: HeaderPair[] | undefined;

  constructor(
    readonly offset: bigint,
    readonly timestamp: bigint,
    bytes: Buffer,
    bodyAt: number,
    end: number,
  ) {
    this.#bytes = bytes;
    this.#bodyAt = bodyAt;
    this.#end = end;
  }

  get body(): Buffer {
    return this.#bytes.subarray(this.#bodyAt, this.#end);
  }

  get key(): Buffer | null {
    this.#open();
    return this.#key;
  }

  get value(): Buffer {
    this.#open();
    return this.#value;
  }

  get headers(): readonly HeaderPair[] {
    if (this.#headers) return this.#headers;
    const cursor = this.atHeaders();
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
    const cursor = this.atHeaders();
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

  /** Before the count of headers. */
  atHeaders(): ByteCursor {
    this.#open();
    return new ByteCursor(this.#bytes, this.#headersAt);
  }

  #open(): void {
    if (this.#headersAt > 0) return;
    const cursor = new ByteCursor(this.#bytes, this.#bodyAt);
    this.#key = cursor.varintBytes();
    this.#value = cursor.varintBytes() ?? NOTHING;
    this.#headersAt = cursor.at;
  }
}

/**
 * Goes over the headers of a record without making views of them: `while (walk.next())`, and look at the bytes in place.
 * One walk serves record after record.
 */
export class HeaderWalk {
  nameAt = 0;
  nameLength = 0;
  valueAt = 0;
  valueEnd = 0;
  #cursor = new ByteCursor(NOTHING);
  #left = 0;

  /**
   * Begins with a record. Answers the bytes that the places are in.
   * @throws {TypeError} for a record that was not pulled
   */
  over(record: object): Buffer {
    if (!(record instanceof ReadRecord)) throw new TypeError('only the headers of a pulled record lie in its batch');
    this.#cursor = record.atHeaders();
    this.#left = this.#cursor.varint();
    return this.#cursor.bytes;
  }

  next(): boolean {
    if (this.#left <= 0) return false;
    this.#left -= 1;
    const cursor = this.#cursor;
    this.nameLength = cursor.varint();
    this.nameAt = cursor.at;
    cursor.at += this.nameLength;
    const length = cursor.varint();
    this.valueAt = cursor.at;
    if (length > 0) cursor.at += length;
    this.valueEnd = cursor.at;
    return true;
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
      const timestamp = timestampDelta === 0 ? firstTimestamp : firstTimestamp + BigInt(timestampDelta);
      into.push(new ReadRecord(firstOffset + BigInt(offsetDelta), timestamp, records, cursor.at, end));
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
