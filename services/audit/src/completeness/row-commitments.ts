import { createHmac, hash, type KeyObject } from 'node:crypto';
import { HASH_BYTES, type HashText, KIND, putText } from './hashes.js';
import { partsOf } from './row-parts.js';

/** Name of the secret that salts and labels come from. */
export const HISTORY_SECRET = 'history-proofs';

const SALT_BYTES = 16;
/** That one SHA-512 gives. */
const SALTS_AT_ONCE = 4;
const REF_BYTES = 8;
/** Of the ref: topic, partition and offset. */
const RECORD_BYTES = 6;
const AT_BYTES = 8;
const PREFIX_BYTES = REF_BYTES + AT_BYTES;
/** Longest entry that there is room for; the contract's bounds keep entries far below. */
const MAX_ENTRY_BYTES = 1024 * 1024;
const MAX_PARTS = 0x1_0000 + 1;

/** Salt and content, to be hashed in one call. */
const part = Buffer.alloc(SALT_BYTES + PREFIX_BYTES + MAX_ENTRY_BYTES);
const row = Buffer.alloc(1 + MAX_PARTS * HASH_BYTES, KIND.row);

/** A part of a row, opened: the commitment is SHA-256(salt || content). */
export interface OpenedPart {
  /** 16 bytes. */
  salt: Buffer;
  content: Buffer;
}

/** All parts of a row; what of them is shown is for others to say. */
export interface OpenedRow {
  head: OpenedPart;
  decisions: OpenedPart[];
}

/** A row of a history: its place in it, and its entry as stored. */
export interface PlacedEntry {
  /** As `rowRef` makes it, big-endian. */
  ref: Buffer;
  /** Ms since 1970. */
  at: number;
  entry: Buffer;
}

/** The same, where the fields lie in buffers of many. */
export interface RowFields {
  refs: Buffer;
  refAt: number;
  /** Ms since 1970. */
  time: number;
  entries: Buffer;
  entryAt: number;
  length: number;
}

/**
 * Commits to rows of histories. Of each row there is a commitment for what the event itself is, and one for every
 * decision about it, so that one can be withheld, visibly, and the row proven nevertheless:
 *
 * ```
 * head      SHA-256(salt || u64 ref || u64 at, ms || the entry without its decisions)
 * decision  SHA-256(salt || the decision's bytes of the entry)
 * row       SHA-256(0x02 || head || decisions)
 * ```
 *
 * Salts are 16 bytes of SHA-512 of HMAC(secret, record), the row and a number, and need not be kept.
 */
export class RowCommitments {
  /** Of the record that the last row was made of, in two halves: rows of one record follow one another. */
  #recordHigh = -1;
  #recordLow = -1;
  /** HMAC of that record, then the row, then which salts. */
  readonly #seed = Buffer.alloc(HASH_BYTES + REF_BYTES + 2);

  constructor(private readonly secret: KeyObject) {}

  /** The commitment to a row. */
  commit({ refs, refAt, time, entries, entryAt, length }: RowFields): HashText {
    const { headEnd, bounds } = partsOf(entries, entryAt, length);
    this.#begin(refs, refAt);
    let salts = this.#salts(0);
    putText(part, 0, salts, 0, SALT_BYTES);
    refs.copy(part, SALT_BYTES, refAt, refAt + REF_BYTES);
    writeU64(part, time, SALT_BYTES + REF_BYTES);
    entries.copy(part, SALT_BYTES + PREFIX_BYTES, entryAt, entryAt + headEnd);
    const behind = bounds.at(-1) ?? length;
    const behindAt = SALT_BYTES + PREFIX_BYTES + headEnd;
    entries.copy(part, behindAt, entryAt + behind, entryAt + length);
    writePart(0, PREFIX_BYTES + headEnd + length - behind);
    const decisions = Math.max(0, bounds.length - 1);
    for (let i = 1; i <= decisions; i++) {
      const slot = i % SALTS_AT_ONCE;
      if (slot === 0) salts = this.#salts(i / SALTS_AT_ONCE);
      putText(part, 0, salts, slot * SALT_BYTES, SALT_BYTES);
      const from = bounds[i - 1]!;
      const to = bounds[i]!;
      entries.copy(part, SALT_BYTES, entryAt + from, entryAt + to);
      writePart(i, to - from);
    }
    return hash('sha256', row.subarray(0, 1 + (1 + decisions) * HASH_BYTES), 'binary');
  }

  /** What `commit` committed to. */
  open({ ref, at, entry }: PlacedEntry): OpenedRow {
    const { headEnd, bounds } = partsOf(entry, 0, entry.length);
    this.#begin(ref, 0);
    const saltOf = (index: number) => {
      const from = (index % SALTS_AT_ONCE) * SALT_BYTES;
      return Buffer.from(this.#salts(Math.floor(index / SALTS_AT_ONCE)).slice(from, from + SALT_BYTES), 'latin1');
    };
    const behind = entry.subarray(bounds.at(-1) ?? entry.length);
    const head = Buffer.concat([ref, Buffer.alloc(AT_BYTES), entry.subarray(0, headEnd), behind]);
    writeU64(head, at, REF_BYTES);
    return {
      head: { salt: saltOf(0), content: head },
      decisions: bounds.slice(1).map((to, i) => ({ salt: saltOf(i + 1), content: entry.subarray(bounds[i], to) })),
    };
  }

  #begin(refs: Buffer, refAt: number): void {
    const high = refs.readUInt32BE(refAt);
    const low = refs.readUInt16BE(refAt + 4);
    if (high !== this.#recordHigh || low !== this.#recordLow) {
      const record = refs.subarray(refAt, refAt + RECORD_BYTES);
      createHmac('sha256', this.secret).update('row').update(record).digest().copy(this.#seed);
      this.#recordHigh = high;
      this.#recordLow = low;
    }
    refs.copy(this.#seed, HASH_BYTES, refAt, refAt + REF_BYTES);
  }

  /** Four salts of the row: the head's first, then each decision's. */
  #salts(number: number): HashText {
    this.#seed.writeUInt16BE(number, HASH_BYTES + REF_BYTES);
    return hash('sha512', this.#seed, 'binary');
  }
}

function writePart(index: number, length: number): void {
  const commitment = hash('sha256', part.subarray(0, SALT_BYTES + length), 'binary');
  putText(row, 1 + index * HASH_BYTES, commitment, 0, HASH_BYTES);
}

function writeU64(into: Buffer, value: number, at: number): void {
  into.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  into.writeUInt32BE(value >>> 0, at + 4);
}
