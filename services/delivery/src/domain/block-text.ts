const INITIAL_BYTES = 512 * 1024;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;

/**
 * The text of a block while it grows: a JSON array in UTF-8, in one buffer that serves block after block. Deliveries are
 * put together from bytes: as strings, they are joined, measured and encoded, four passes over text of two bytes a
 * character.
 */
export class BlockText {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #length = 1;

  constructor() {
    this.#bytes[0] = OPEN;
  }

  /** Bytes so far, without the closing bracket. */
  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 1;
  }

  /** Begins the next delivery. Answers its place, by which the block can be cut before it. */
  next(): number {
    const place = this.#length;
    if (place > 1) this.byte(COMMA);
    return place;
  }

  /** Of characters below 0x80 only. */
  ascii(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A part of a text that is UTF-8 already. */
  copy(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start);
    const bytes = this.#bytes;
    let to = this.#length;
    // For the hundred bytes of a value, a loop costs less than a call of `copy`.
    for (let at = start; at < end; at++) bytes[to++] = source[at]!;
    this.#length = to;
  }

  /** The block of everything before `place`. A view: to be used before anything else is done with this text. */
  upTo(place: number): Buffer {
    this.#reserve(1);
    this.#bytes[place] = CLOSE;
    return this.#bytes.subarray(0, place + 1);
  }

  /** Lets the delivery that began at `place` be the first of the next block. */
  cutBefore(place: number): void {
    this.#bytes.copyWithin(1, place + 1, this.#length);
    this.#length -= place;
  }

  #reserve(more: number): void {
    if (this.#length + more < this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * this.#bytes.length + more);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
