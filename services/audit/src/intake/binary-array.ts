/** Object ids of the element types, from PostgreSQL's catalogue; they never change. */
const ELEMENT_TYPE = { bytea: 17, bigint: 20, timestamptz: 1184, uuid: 2950 } as const;
export const ARRAY_HEAD_BYTES = 20;
const INITIAL_BYTES = 4096;
/** PostgreSQL counts from 2000-01-01, in microseconds. */
const EPOCH_MS = Date.UTC(2000, 0, 1);

/**
 * A column of values in PostgreSQL's binary form of an array. pg sends a Buffer as a binary parameter, so the values go
 * as they are: as an array of JavaScript it would escape each one, and write bytes as hex text.
 *
 * ```
 * i32 dimensions | i32 flags | i32 element type | i32 count | i32 lower bound | for each: i32 length, bytes
 * ```
 */
export class BinaryArray {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #at = ARRAY_HEAD_BYTES;
  #count = 0;

  constructor(readonly type: keyof typeof ELEMENT_TYPE) {}

  /** Makes room for one more value of `length` bytes, to be written into `bytes` at the place returned. */
  next(length: number): number {
    const at = this.#at + 4;
    if (at + length > this.#bytes.length) this.#grow(at + length);
    this.#bytes.writeInt32BE(length, this.#at);
    this.#at = at + length;
    this.#count += 1;
    return at;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  add(value: Buffer): void {
    const at = this.next(value.length);
    value.copy(this.#bytes, at);
  }

  /** A 64-bit integer in two halves. */
  addHalves(high: number, low: number): void {
    const at = this.next(8);
    this.#bytes.writeInt32BE(high, at);
    this.#bytes.writeUInt32BE(low, at + 4);
  }

  /** A timestamptz from ms since 1970. */
  addTime(ms: number): void {
    const micros = (ms - EPOCH_MS) * 1000;
    this.addHalves(Math.floor(micros / 0x1_0000_0000), micros >>> 0);
  }

  /** The parameter; a view that holds until `clear`. */
  whole(): Buffer {
    const bytes = this.#bytes;
    bytes.writeInt32BE(this.#count === 0 ? 0 : 1, 0);
    bytes.writeInt32BE(0, 4);
    bytes.writeInt32BE(ELEMENT_TYPE[this.type], 8);
    bytes.writeInt32BE(this.#count, 12);
    bytes.writeInt32BE(1, 16);
    // An empty array has no dimension, so its head ends with the type.
    return bytes.subarray(0, this.#count === 0 ? 12 : this.#at);
  }

  clear(): void {
    this.#at = ARRAY_HEAD_BYTES;
    this.#count = 0;
  }

  get count(): number {
    return this.#count;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, needed));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
