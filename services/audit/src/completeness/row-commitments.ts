import { createHmac, hash, type KeyObject } from 'node:crypto';
import { HASH_BYTES, type HashText, KIND } from './hashes.js';
import { partsOf } from './row-parts.js';

/** Name of the secret that salts and labels come from. */
export const HISTORY_SECRET = 'history-proofs';

const SALT_BYTES = 32;
const REF_BYTES = 8;
/** Of the ref: topic, partition and offset. */
const RECORD_BYTES = 6;
const AT_BYTES = 8;
const PREFIX_BYTES = REF_BYTES + AT_BYTES;
/** Longest entry that is hashed in place; the contract's bounds keep entries below. */
const SCRATCH_BYTES = 65_536;

const part = Buffer.alloc(SALT_BYTES + SCRATCH_BYTES);

/** A part of a row, opened: the commitment is SHA-256(salt || content). */
export interface OpenedPart {
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
 * head      SHA-256(salt || u64 ref || u64 at, ms || the entry up to its decisions)
 * decision  SHA-256(salt || the decision's bytes of the entry)
 * row       SHA-256(0x02 || head || decisions)
 * ```
 *
 * Salts are SHAKE256 of HMAC(secret, record) and the row, and need not be kept.
 */
export class RowCommitments {
  /** Of the record that the last row was made of: rows of one record follow one another. */
  #record = '';
  /** HMAC of that record, then the row. */
  readonly #seed = Buffer.alloc(HASH_BYTES + REF_BYTES);

  constructor(private readonly secret: KeyObject) {}

  /** The commitment to a row, given where its fields lie. */
  commit({ refs, refAt, time, entries, entryAt, length }: RowFields): HashText {
    const { headEnd, bounds } = partsOf(entries, entryAt, length);
    const decisions = Math.max(0, bounds.length - 1);
    const salts = this.#salts(refs, refAt, decisions);
    refs.copy(part, SALT_BYTES, refAt, refAt + REF_BYTES);
    writeU64(part, time, SALT_BYTES + REF_BYTES);
    entries.copy(part, SALT_BYTES + PREFIX_BYTES, entryAt, entryAt + headEnd);
    let commitments = commitScratch(saltAt(salts, 0), PREFIX_BYTES + headEnd);
    for (let i = 0; i < decisions; i++) {
      const from = bounds[i]!;
      const to = bounds[i + 1]!;
      entries.copy(part, SALT_BYTES, entryAt + from, entryAt + to);
      commitments += commitScratch(saltAt(salts, i + 1), to - from);
    }
    return rowHash(commitments);
  }

  /** What `commit` committed to. */
  open({ ref, at, entry }: PlacedEntry): OpenedRow {
    const { headEnd, bounds } = partsOf(entry, 0, entry.length);
    const decisions = Math.max(0, bounds.length - 1);
    const salts = this.#salts(ref, 0, decisions);
    const saltOf = (index: number) => Buffer.from(saltAt(salts, index), 'latin1');
    const head = Buffer.concat([ref, Buffer.alloc(AT_BYTES), entry.subarray(0, headEnd)]);
    writeU64(head, at, REF_BYTES);
    return {
      head: { salt: saltOf(0), content: head },
      decisions: Array.from({ length: decisions }, (_, i) => ({
        salt: saltOf(i + 1),
        content: entry.subarray(bounds[i], bounds[i + 1]),
      })),
    };
  }

  /** Of the head, then of each decision. */
  #salts(refs: Buffer, refAt: number, decisions: number): HashText {
    const record = refs.toString('latin1', refAt, refAt + RECORD_BYTES);
    if (record !== this.#record) {
      createHmac('sha256', this.secret).update('row').update(record, 'latin1').digest().copy(this.#seed);
      this.#record = record;
    }
    refs.copy(this.#seed, HASH_BYTES, refAt, refAt + REF_BYTES);
    return hash('shake256', this.#seed, { outputEncoding: 'binary', outputLength: (1 + decisions) * SALT_BYTES });
  }
}

function saltAt(salts: HashText, index: number): HashText {
  return salts.slice(index * SALT_BYTES, (index + 1) * SALT_BYTES);
}

function commitScratch(salt: HashText, length: number): HashText {
  part.write(salt, 0, SALT_BYTES, 'latin1');
  return hash('sha256', part.subarray(0, SALT_BYTES + length), 'binary');
}

function writeU64(into: Buffer, value: number, at: number): void {
  into.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  into.writeUInt32BE(value >>> 0, at + 4);
}

const row = Buffer.alloc(1 + 256 * HASH_BYTES, KIND.row);

function rowHash(parts: HashText): HashText {
  const into = 1 + parts.length <= row.length ? row : Buffer.alloc(1 + parts.length, KIND.row);
  into.write(parts, 1, 'latin1');
  return hash('sha256', into.subarray(0, 1 + parts.length), 'binary');
}
