import type { AttributeSet } from '../catalogue/attributes.js';
import { LAWFUL_BASES, type LawfulBasis, PURPOSE_CODES, PURPOSES, type PurposeCode } from '../catalogue/purposes.js';
import { uuidText, writeUuid } from './bytes.js';

/**
 * The ledger's record of one batch of one partition: what was decided about which source events, under
 * which versions, and the blocks that carry it. The same bytes are the ledger row, the record on
 * delivery.ledger and what audit takes in. Fixed-size entries, so that encoding costs little on the
 * path of a change and one entry can be read alone.
 */
export const SOURCE_TOPIC = { registry: 0, consent: 1, vetting: 2 } as const;
export type SourceTopic = (typeof SOURCE_TOPIC)[keyof typeof SOURCE_TOPIC];

/** What a source event was. 1 to 3 are the kinds of a sealed change. */
export const SOURCE_KIND = {
  registered: 1,
  changed: 2,
  snapshot: 3,
  grantStopped: 4,
  grantPaused: 5,
  grantNarrowed: 6,
  agencySuspended: 7,
  agencyRestored: 8,
  agencyRevoked: 9,
} as const;
export type SourceKind = (typeof SOURCE_KIND)[keyof typeof SOURCE_KIND];

/** 0 is delivered; everything else is the reason of a refusal. */
export const OUTCOMES = [
  'delivered',
  'grant-paused',
  'agency-suspended',
  'accreditation-narrower',
  'outside-validity',
  'awaiting-snapshot',
  'subject-erased',
  'not-accredited',
  // Of a replay only: what was delivered then is not granted any more.
  'no-longer-granted',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface LedgerSource {
  topic: SourceTopic;
  kind: SourceKind;
  offset: bigint;
  /** The registry's or consent's or vetting's event. */
  eventId: string;
  /** Subject; the nil uuid for an event about an agency. */
  subject: string;
  /** Version of the source stream after the event. */
  version: number;
  attributes: AttributeSet;
  /** When the authority recorded it, ms since 1970. */
  time: number;
  actor: string;
  /** The plan by which an earlier event was decided once more; absent for what is new. */
  replay?: string;
}

export interface LedgerDecision {
  /** Index into `sources`. */
  source: number;
  agency: string;
  outcome: Outcome;
  /** The nil uuid in notices about the agency itself. */
  grant: string;
  grantVersion: number;
  /** Released, or refused, attributes. */
  attributes: AttributeSet;
  purpose: PurposeCode | null;
  basis: LawfulBasis | null;
}

export interface LedgerBlock {
  agency: string;
  /** Lane sequence of the first delivery. */
  first: number;
  /** Deliveries in the block; the decisions of this agency with outcome delivered, in order. */
  count: number;
  keyEpoch: number;
  /** SHA-256 of the record's value as sent. */
  digest: Buffer;
  /** Digest of the lane's block before; zeros before the first. */
  previous: Buffer;
}

export interface LedgerBatch {
  partition: number;
  /** Gap-free in a partition, from 1. */
  sequence: number;
  /** Epoch of the worker that owned the partition. */
  epoch: number;
  /** The one clock reading the decisions were made under, ms since 1970. */
  decidedAt: number;
  catalogueVersion: number;
  /** Positions after this batch: the versions it was decided under. */
  registryOffset: bigint;
  consentOffset: bigint;
  vettingOffset: bigint;
  /** SHA-256 of the partition's batch before; zeros before the first. */
  previous: Buffer;
  sources: LedgerSource[];
  /** In block order: the deliveries of a block follow each other by sequence. */
  decisions: LedgerDecision[];
  blocks: LedgerBlock[];
}

export const NIL_UUID = '00000000-0000-0000-0000-000000000000';
const FORMAT = 1;
/** Format 1, but that a source can be a replay. Written only where one is, so that a reader of format 1 never takes it for new. */
const FORMAT_WITH_REPLAYS = 2;
const HEAD = 98;
const SOURCE = 64;
const REPLAY_AT = 60;
const DECISION = 38;
const BLOCK = 82;
const PURPOSE_BY_NUMBER = new Map<number, PurposeCode>(PURPOSE_CODES.map((code) => [PURPOSES[code].number, code]));
const OUTCOME_NUMBER = new Map<Outcome, number>(OUTCOMES.map((outcome, i) => [outcome, i]));

class Strings {
  readonly list: string[] = [];
  readonly #index = new Map<string, number>();
  of(text: string): number {
    let index = this.#index.get(text);
    if (index === undefined) {
      index = this.list.push(text) - 1;
      this.#index.set(text, index);
    }
    return index;
  }
}

/**
 * ```
 * head   u8 format | u8 partition | u32 epoch | u64 sequence | u64 decidedAt | u32 catalogue version | u64 registry,
 *        consent, vetting offset | 32 previous | u32 sources | u32 decisions | u32 blocks | u32 strings
 * source u8 topic | u8 kind | u16 actor | u64 offset | 16 event id | 16 subject | u32 version | u32 attributes | u64 time
 *        | u16 format 2: string of the replay's plan + 1, 0 for what is new | u16 zero
 * decision u32 source | u16 agency | u8 outcome | u8 purpose | u8 basis | u8 zero | u32 grant version | u32 attributes | 16 grant | u32 zero
 * block  u16 agency | u64 first | u32 count | u32 key epoch | 32 digest | 32 previous
 * string u16 length | utf8
 * ```
 */
export function encodeLedgerBatch(batch: LedgerBatch): Buffer {
  const strings = new Strings();
  const body = HEAD + batch.sources.length * SOURCE + batch.decisions.length * DECISION + batch.blocks.length * BLOCK;
  const out = Buffer.alloc(body);
  let at = HEAD;
  for (const s of batch.sources) {
    out[at] = s.topic;
    out[at + 1] = s.kind;
    out.writeUInt16BE(strings.of(s.actor), at + 2);
    out.writeBigUInt64BE(s.offset, at + 4);
    writeUuid(s.eventId, out, at + 12);
    writeUuid(s.subject, out, at + 28);
    out.writeUInt32BE(s.version, at + 44);
    out.writeUInt32BE(s.attributes, at + 48);
    writeU64(out, s.time, at + 52);
    if (s.replay !== undefined) out.writeUInt16BE(strings.of(s.replay) + 1, at + REPLAY_AT);
    at += SOURCE;
  }
  for (const d of batch.decisions) {
    out.writeUInt32BE(d.source, at);
    out.writeUInt16BE(strings.of(d.agency), at + 4);
    out[at + 6] = OUTCOME_NUMBER.get(d.outcome)!;
    out[at + 7] = d.purpose === null ? 0 : PURPOSES[d.purpose].number;
    out[at + 8] = d.basis === null ? 255 : LAWFUL_BASES.indexOf(d.basis);
    out.writeUInt32BE(d.grantVersion, at + 10);
    out.writeUInt32BE(d.attributes, at + 14);
    writeUuid(d.grant, out, at + 18);
    at += DECISION;
  }
  for (const b of batch.blocks) {
    out.writeUInt16BE(strings.of(b.agency), at);
    writeU64(out, b.first, at + 2);
    out.writeUInt32BE(b.count, at + 10);
    out.writeUInt32BE(b.keyEpoch, at + 14);
    b.digest.copy(out, at + 18);
    b.previous.copy(out, at + 50);
    at += BLOCK;
  }
  writeHead(out, batch, strings.list.length);
  return Buffer.concat([out, ...strings.list.map(encodeString)]);
}

function writeHead(out: Buffer, batch: LedgerBatch, strings: number): void {
  out[0] = batch.sources.some(({ replay }) => replay !== undefined) ? FORMAT_WITH_REPLAYS : FORMAT;
  out[1] = batch.partition;
  out.writeUInt32BE(batch.epoch, 2);
  writeU64(out, batch.sequence, 6);
  writeU64(out, batch.decidedAt, 14);
  out.writeUInt32BE(batch.catalogueVersion, 22);
  out.writeBigUInt64BE(batch.registryOffset, 26);
  out.writeBigUInt64BE(batch.consentOffset, 34);
  out.writeBigUInt64BE(batch.vettingOffset, 42);
  batch.previous.copy(out, 50);
  out.writeUInt32BE(batch.sources.length, 82);
  out.writeUInt32BE(batch.decisions.length, 86);
  out.writeUInt32BE(batch.blocks.length, 90);
  out.writeUInt32BE(strings, 94);
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text);
  const out = Buffer.allocUnsafe(2 + bytes.length);
  out.writeUInt16BE(bytes.length, 0);
  bytes.copy(out, 2);
  return out;
}

/** Two 32-bit writes: twice as fast as a BigInt, exact up to 2^53. */
function writeU64(out: Buffer, value: number, at: number): void {
  out.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  out.writeUInt32BE(value >>> 0, at + 4);
}

function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}

/** Throws a RangeError where the bytes are not a ledger batch of a known format. */
export function decodeLedgerBatch(bytes: Buffer): LedgerBatch {
  if (bytes.length < HEAD || (bytes[0] !== FORMAT && bytes[0] !== FORMAT_WITH_REPLAYS)) {
    throw new RangeError('not a ledger batch of format 1 or 2');
  }
  const counts = {
    sources: bytes.readUInt32BE(82),
    decisions: bytes.readUInt32BE(86),
    blocks: bytes.readUInt32BE(90),
    strings: bytes.readUInt32BE(94),
  };
  const sourcesAt = HEAD;
  const decisionsAt = sourcesAt + counts.sources * SOURCE;
  const blocksAt = decisionsAt + counts.decisions * DECISION;
  const strings = decodeStrings(bytes, blocksAt + counts.blocks * BLOCK, counts.strings);
  return {
    partition: bytes[1]!,
    epoch: bytes.readUInt32BE(2),
    sequence: readU64(bytes, 6),
    decidedAt: readU64(bytes, 14),
    catalogueVersion: bytes.readUInt32BE(22),
    registryOffset: bytes.readBigUInt64BE(26),
    consentOffset: bytes.readBigUInt64BE(34),
    vettingOffset: bytes.readBigUInt64BE(42),
    previous: bytes.subarray(50, 82),
    sources: Array.from({ length: counts.sources }, (_, i) => decodeSource(bytes, sourcesAt + i * SOURCE, strings)),
    decisions: Array.from({ length: counts.decisions }, (_, i) =>
      decodeDecision(bytes, decisionsAt + i * DECISION, strings),
    ),
    blocks: Array.from({ length: counts.blocks }, (_, i) => decodeBlock(bytes, blocksAt + i * BLOCK, strings)),
  };
}

function decodeStrings(bytes: Buffer, at: number, count: number): string[] {
  const strings: string[] = [];
  for (let i = 0; i < count; i++) {
    const length = bytes.readUInt16BE(at);
    strings.push(bytes.toString('utf8', at + 2, at + 2 + length));
    at += 2 + length;
  }
  return strings;
}

function decodeSource(bytes: Buffer, at: number, strings: string[]): LedgerSource {
  // Zero in format 1, where these bytes had no meaning.
  const replay = bytes.readUInt16BE(at + REPLAY_AT);
  return {
    topic: bytes[at] as SourceTopic,
    kind: bytes[at + 1] as SourceKind,
    actor: strings[bytes.readUInt16BE(at + 2)]!,
    offset: bytes.readBigUInt64BE(at + 4),
    eventId: uuidText(bytes, at + 12),
    subject: uuidText(bytes, at + 28),
    version: bytes.readUInt32BE(at + 44),
    attributes: bytes.readUInt32BE(at + 48),
    time: readU64(bytes, at + 52),
    ...(replay !== 0 && { replay: strings[replay - 1]! }),
  };
}

function decodeDecision(bytes: Buffer, at: number, strings: string[]): LedgerDecision {
  const basis = bytes[at + 8]!;
  return {
    source: bytes.readUInt32BE(at),
    agency: strings[bytes.readUInt16BE(at + 4)]!,
    outcome: OUTCOMES[bytes[at + 6]!]!,
    purpose: PURPOSE_BY_NUMBER.get(bytes[at + 7]!) ?? null,
    basis: LAWFUL_BASES[basis] ?? null,
    grantVersion: bytes.readUInt32BE(at + 10),
    attributes: bytes.readUInt32BE(at + 14),
    grant: uuidText(bytes, at + 18),
  };
}

function decodeBlock(bytes: Buffer, at: number, strings: string[]): LedgerBlock {
  return {
    agency: strings[bytes.readUInt16BE(at)]!,
    first: readU64(bytes, at + 2),
    count: bytes.readUInt32BE(at + 10),
    keyEpoch: bytes.readUInt32BE(at + 14),
    digest: bytes.subarray(at + 18, at + 50),
    previous: bytes.subarray(at + 50, at + 82),
  };
}
