/**
 * Reads a ledger batch in place: the intake copies bytes of its sources and decisions into the history, and
 * to decode each only to encode it again would cost more than all the rest. The layout is that of
 * `encodeLedgerBatch` in the contracts, formats 1 and 2.
 */
const FORMAT = 1;
const FORMAT_WITH_REPLAYS = 2;
const HEAD_BYTES = 98;
export const SOURCE_BYTES = 64;
export const DECISION_BYTES = 38;
const BLOCK_BYTES = 82;
const DIGEST_BYTES = 32;
/** What the index of a history row has room for, and names that its entry has room for. */
const MAX_SOURCES = 0x1_0000;
const MAX_STRING_BYTES = 0xff;
/** The last time there is in JavaScript, ms since 1970. */
const MAX_TIME_MS = 8_640_000_000_000_000;

/** Places within a source. */
export const SOURCE_AT = {
  topic: 0,
  kind: 1,
  actor: 2,
  offset: 4,
  eventId: 12,
  subject: 28,
  version: 44,
  attributes: 48,
  time: 52,
  /** String of the replay's plan + 1, or 0. */
  replay: 60,
} as const;

/** Places within a decision. */
export const DECISION_AT = {
  source: 0,
  agency: 4,
  outcome: 6,
  purpose: 7,
  basis: 8,
  grantVersion: 10,
  attributes: 14,
  grant: 18,
} as const;

/** `agency` is an index into the batch's strings. */
export interface BlockView {
  agency: number;
  first: number;
  count: number;
  digest: Buffer;
  previous: Buffer;
}

export class LedgerView {
  readonly partition: number;
  readonly sequence: number;
  /** Ms since 1970. */
  readonly decidedAt: number;
  /** Digest of the partition's batch before. */
  readonly previous: Buffer;
  readonly sources: number;
  readonly decisions: number;
  readonly blocks: readonly BlockView[];
  /** Utf8. */
  readonly strings: readonly Buffer[];
  readonly #decisionsAt: number;

  /** @throws {RangeError} where the bytes are not a ledger batch of a known format, whole and consistent in itself */
  constructor(readonly bytes: Buffer) {
    if (bytes.length < HEAD_BYTES || (bytes[0] !== FORMAT && bytes[0] !== FORMAT_WITH_REPLAYS)) {
      throw new RangeError('not a ledger batch of format 1 or 2');
    }
    this.partition = bytes[1]!;
    this.sequence = readU64(bytes, 6);
    this.decidedAt = readU64(bytes, 14);
    this.previous = bytes.subarray(50, 82);
    this.sources = bytes.readUInt32BE(82);
    this.decisions = bytes.readUInt32BE(86);
    this.#decisionsAt = HEAD_BYTES + this.sources * SOURCE_BYTES;
    const blocksAt = this.#decisionsAt + this.decisions * DECISION_BYTES;
    const blocks = bytes.readUInt32BE(90);
    const stringsAt = blocksAt + blocks * BLOCK_BYTES;
    if (stringsAt > bytes.length) throw new RangeError('a ledger batch that is cut short');
    this.blocks = Array.from({ length: blocks }, (_, i) => readBlock(bytes, blocksAt + i * BLOCK_BYTES));
    this.strings = readStrings(bytes, stringsAt, bytes.readUInt32BE(94));
    this.#checkReferences();
  }

  sourceAt(index: number): number {
    return HEAD_BYTES + index * SOURCE_BYTES;
  }

  /** Plan of the replay by which the source was decided once more, utf8; undefined for what was new. */
  replayOf(index: number): Buffer | undefined {
    const replay = this.bytes.readUInt16BE(this.sourceAt(index) + SOURCE_AT.replay);
    return replay === 0 ? undefined : this.strings[replay - 1];
  }

  decisionAt(index: number): number {
    return this.#decisionsAt + index * DECISION_BYTES;
  }

  /** Once here, so that whoever reads on cannot fail in the middle of a batch. */
  #checkReferences(): void {
    const { bytes, sources, strings } = this;
    let sound = sources <= MAX_SOURCES && this.sequence <= Number.MAX_SAFE_INTEGER && this.decidedAt <= MAX_TIME_MS;
    for (const { agency, first, count } of this.blocks) {
      sound &&= agency < strings.length && first + count <= Number.MAX_SAFE_INTEGER;
    }
    for (let i = 0; i < sources; i++) {
      const at = this.sourceAt(i);
      sound &&= bytes.readUInt16BE(at + SOURCE_AT.actor) < strings.length;
      sound &&= bytes.readUInt16BE(at + SOURCE_AT.replay) <= strings.length;
      sound &&= readU64(bytes, at + SOURCE_AT.time) <= MAX_TIME_MS;
    }
    for (let i = 0; i < this.decisions; i++) {
      const at = this.decisionAt(i);
      sound &&= bytes.readUInt32BE(at + DECISION_AT.source) < sources;
      sound &&= bytes.readUInt16BE(at + DECISION_AT.agency) < strings.length;
    }
    if (!sound)
      throw new RangeError('a ledger batch that refers to what it does not hold, or to times that never come');
  }
}

/** Exact up to 2^53. */
export function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}

function readBlock(bytes: Buffer, at: number): BlockView {
  return {
    agency: bytes.readUInt16BE(at),
    first: readU64(bytes, at + 2),
    count: bytes.readUInt32BE(at + 10),
    digest: bytes.subarray(at + 18, at + 18 + DIGEST_BYTES),
    previous: bytes.subarray(at + 50, at + 50 + DIGEST_BYTES),
  };
}

function readStrings(bytes: Buffer, at: number, count: number): Buffer[] {
  const strings: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) throw new RangeError('a ledger batch that is cut short');
    if (end - at - 2 > MAX_STRING_BYTES) throw new RangeError('a ledger batch with a name longer than names are');
    const text = bytes.subarray(at + 2, end);
    // PostgreSQL's text takes every character but this one.
    if (text.includes(0)) throw new RangeError('a ledger batch with a name that is no text');
    strings.push(text);
    at = end;
  }
  return strings;
}
