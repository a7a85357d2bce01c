import { base64Of } from '../formats/text.js';
import { HASH_BYTES } from '../tree/hash.js';

/** A part of a row that is shown: its commitment is SHA-256(salt || content). */
export interface ShownPart {
  salt: Buffer;
  content: Buffer;
}

/** A row of a history as far as it is shown. */
export interface ShownRow {
  /** Number of the topic it is from: 1 the ledger, 2 consent's events, 3 records of access. */
  topic: number;
  partition: number;
  /** A commitment where it may not be shown what the event is. */
  head: ShownPart | Buffer;
  /** Commitments stand for those that may not be shown. */
  decisions: (ShownPart | Buffer)[];
}

/** The rows from one partition of one topic. */
export interface ShownStrand {
  topic: number;
  partition: number;
  rows: number;
  link: Buffer;
}

export interface PlaceInBucket {
  index: number;
  path: Buffer[];
}

/** A history with its proof, taken apart and not verified. */
export interface HistoryFile {
  subject: string;
  labelKey: Buffer;
  strands: ShownStrand[];
  map: {
    count: number;
    place?: PlaceInBucket;
    around?: (PlaceInBucket & { label: Buffer; value: Buffer })[];
    path: Buffer[];
  };
  leaf: string;
  /** A tlog-proof. */
  proof: string;
  rows: ShownRow[];
}

/** Fixed, so that no two pairs of salt and content give the same bytes to hash. */
const SALT_BYTES = 16;
const FORMAT = 'sluice-history-proof-1';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

class Malformed extends Error {}

/** Undefined if the text is not a history with its proof. */
export function parseHistoryFile(text: string): HistoryFile | undefined {
  try {
    return readFile(JSON.parse(text));
  } catch (error) {
    if (error instanceof Malformed || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readFile(value: unknown): HistoryFile {
  const file = object(value);
  if (file.format !== FORMAT) throw new Malformed();
  const head = object(file.head);
  const map = object(head.map);
  return {
    subject: text(file.subject, UUID),
    labelKey: hashIn(head.labelKey),
    strands: array(head.strands).map((one) => {
      const strand = object(one);
      return {
        topic: natural(strand.topic),
        partition: natural(strand.partition),
        rows: natural(strand.rows),
        link: hashIn(strand.link),
      };
    }),
    map: {
      count: natural(map.count),
      ...(map.place !== undefined && { place: placeIn(map.place) }),
      ...(map.around !== undefined && {
        around: array(map.around).map((one) => {
          const { label, value } = object(one);
          return { ...placeIn(one), label: hashIn(label), value: hashIn(value) };
        }),
      }),
      path: array(map.path).map(hashIn),
    },
    leaf: text(head.leaf, /^[ -~]*$/),
    proof: text(head.proof),
    rows: array(file.rows).map(readRow),
  };
}

function readRow(value: unknown): ShownRow {
  const row = object(value);
  return {
    topic: natural(row.topic),
    partition: natural(row.partition),
    head: partIn(row.head),
    decisions: array(row.decisions).map(partIn),
  };
}

function partIn(value: unknown): ShownPart | Buffer {
  if (typeof value === 'string') return hashIn(value);
  const part = object(value);
  const salt = bytesIn(part.salt);
  if (salt.length !== SALT_BYTES) throw new Malformed();
  return { salt, content: bytesIn(part.content) };
}

function placeIn(value: unknown): PlaceInBucket {
  const place = object(value);
  return { index: natural(place.index), path: array(place.path).map(hashIn) };
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed();
  return value as Record<string, unknown>;
}

function array(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Malformed();
  return value;
}

function text(value: unknown, form?: RegExp): string {
  if (typeof value !== 'string' || (form && !form.test(value))) throw new Malformed();
  return value;
}

function natural(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Malformed();
  return value as number;
}

function bytesIn(value: unknown): Buffer {
  const bytes = typeof value === 'string' ? base64Of(value) : undefined;
  if (bytes === undefined) throw new Malformed();
  return bytes;
}

function hashIn(value: unknown): Buffer {
  const bytes = bytesIn(value);
  if (bytes.length !== HASH_BYTES) throw new Malformed();
  return bytes;
}
