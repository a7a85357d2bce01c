import { END_OF_ROWS, startOfRows } from './copy-out.js';

/** The columns that are read for publication, in the order in which `LogRows` expects them. */
export const LOG_COLUMNS =
  'xid, position, recorded_at, stream, event_id, version, type, content_type, context, payload';
const COLUMN_COUNT = 10;

/** PostgreSQL counts microseconds from 2000-01-01. */
const EPOCH_MS = Date.UTC(2000, 0, 1);

/** Part of the bytes that `LogRows` walks over. */
export interface Span {
  start: number;
  end: number;
}

/**
 * Walks over the result of a binary `copy` of the columns above, none of which can be null.
 * The fields tell of the row that the last `next` moved to; no object is made for a row or a value.
 */
export class LogRows {
  xid = 0;
  position = 0;
  /** Unix time in ms. */
  recordedAt = 0;
  version = 0;
  /** Where the 16 bytes of each uuid begin. */
  streamAt = 0;
  eventIdAt = 0;
  readonly type: Span = { start: 0, end: 0 };
  readonly contentType: Span = { start: 0, end: 0 };
  /** The JSON text of an `EventContext`. */
  readonly context: Span = { start: 0, end: 0 };
  readonly payload: Span = { start: 0, end: 0 };
  #at: number;

  constructor(readonly bytes: Buffer) {
    this.#at = startOfRows(bytes);
  }

  /** False after the last row. */
  next(): boolean {
    const { bytes } = this;
    const at = this.#at;
    const columns = bytes.readInt16BE(at);
    if (columns === END_OF_ROWS) return false;
    if (columns !== COLUMN_COUNT) throw new Error('a row of a binary copy with a wrong number of columns');
    // Columns of a fixed size, each behind the four bytes of its length.
    this.xid = readUint64(bytes, at + 6);
    this.position = readUint64(bytes, at + 18);
    this.recordedAt = readTimestampMs(bytes, at + 30);
    this.streamAt = at + 42;
    this.eventIdAt = at + 62;
    this.version = bytes.readInt32BE(at + 82);
    this.#at = at + 86;
    this.#readSpan(this.type);
    this.#readSpan(this.contentType);
    this.#readSpan(this.context);
    this.#readSpan(this.payload);
    return true;
  }

  #readSpan(span: Span): void {
    span.start = this.#at + 4;
    span.end = span.start + this.bytes.readInt32BE(this.#at);
    this.#at = span.end;
  }
}

/** A timestamptz in binary form as Unix time in ms. */
export function readTimestampMs(bytes: Buffer, at: number): number {
  return EPOCH_MS + Math.floor(readUint64(bytes, at) / 1000);
}

/** Transaction ids, positions and times stay below 2^53 for longer than any cluster lives; a bigint each would cost. */
function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}
