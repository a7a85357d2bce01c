/** Longest entry a bundle can hold: its length is written as a u16 (https://c2sp.org/tlog-tiles, log entries). */
export const MAX_ENTRY_BYTES = 0xffff;

const LENGTH_BYTES = 2;
const FIRST_CAPACITY = 64 * 1024;

/** A bundle being filled: entries, each after its length as u16be. */
export class BundleBuffer {
  #bytes = Buffer.allocUnsafe(FIRST_CAPACITY);
  #length = 0;

  add(entry: Uint8Array): void {
    const end = this.#length + LENGTH_BYTES + entry.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.writeUInt16BE(entry.length, this.#length);
    this.#bytes.set(entry, this.#length + LENGTH_BYTES);
    this.#length = end;
  }

  /** A copy of what is in it. */
  bytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  clear(): void {
    this.#length = 0;
  }

  #grow(least: number): void {
    const larger = Buffer.allocUnsafe(Math.max(least, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** The entries of a bundle (views into it), or undefined if a length points beyond its end. */
export function entriesOf(bundle: Buffer): Buffer[] | undefined {
  const entries: Buffer[] = [];
  let at = 0;
  while (at + LENGTH_BYTES <= bundle.length) {
    const start = at + LENGTH_BYTES;
    at = start + bundle.readUInt16BE(at);
    entries.push(bundle.subarray(start, at));
  }
  return at === bundle.length ? entries : undefined;
}
