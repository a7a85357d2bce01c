import { randomUUID } from 'node:crypto';
import type { Append } from './decide.js';
import type { EventContext } from './types.js';
import { writeUuidBytes } from './uuid-text.js';

/** The columns of an appended event, in the order in which `eventRows` writes them; the table fills in the others. */
export const APPENDED_COLUMNS = ['stream', 'version', 'type', 'event_id', 'content_type', 'context', 'payload'];

/** Signature, no flags, no extension: PostgreSQL 18, COPY, "Binary Format". */
const HEAD = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const END_OF_ROWS = -1;
const UUID_BYTES = 16;
/** Of a row, what does not vary: the number of its columns, the length of each, two uuids and the version. */
const FIXED_BYTES = 2 + APPENDED_COLUMNS.length * 4 + 2 * UUID_BYTES + 4;

/** Encodes equal things once: few texts stand in a batch, each many times, and commands of one request share their context. */
class Once<T> {
  readonly #known = new Map<T, Buffer>();

  constructor(readonly encode: (value: T) => string) {}

  bytes(value: T): Buffer {
    let bytes = this.#known.get(value);
    if (bytes === undefined) {
      bytes = Buffer.from(this.encode(value));
      this.#known.set(value, bytes);
    }
    return bytes;
  }
}

/** The events of these appends, in their order, as one binary copy. */
export function eventRows(appends: readonly Append[]): Buffer {
  const texts = new Once<string>((text) => text);
  const contexts = new Once<EventContext>(JSON.stringify);
  let size = HEAD.length + 2;
  for (const { command, events } of appends) {
    const context = contexts.bytes(command.context).length;
    for (const { type, contentType, payload } of events) {
      size += FIXED_BYTES + texts.bytes(type).length + texts.bytes(contentType).length + context + payload.length;
    }
  }
  const bytes = Buffer.allocUnsafe(size);
  let at = HEAD.copy(bytes);
  for (const { command, version, events } of appends) {
    const context = contexts.bytes(command.context);
    let next = version;
    for (const { type, eventId = randomUUID(), contentType, payload } of events) {
      next += 1;
      at = bytes.writeInt16BE(APPENDED_COLUMNS.length, at);
      at = writeUuid(bytes, command.stream, at);
      at = bytes.writeInt32BE(next, bytes.writeInt32BE(4, at));
      at = writeColumn(bytes, texts.bytes(type), at);
      at = writeUuid(bytes, eventId, at);
      at = writeColumn(bytes, texts.bytes(contentType), at);
      at = writeColumn(bytes, context, at);
      at = writeColumn(bytes, payload, at);
    }
  }
  bytes.writeInt16BE(END_OF_ROWS, at);
  return bytes;
}

function writeUuid(bytes: Buffer, text: string, at: number): number {
  return writeUuidBytes(text, bytes, bytes.writeInt32BE(UUID_BYTES, at));
}

function writeColumn(bytes: Buffer, value: Buffer, at: number): number {
  const start = bytes.writeInt32BE(value.length, at);
  return start + value.copy(bytes, start);
}
