import { encodeHeader, HEADER, lengthPrefixed, partitionOf, writeVarint } from '@sluice/contracts';
import { LogRows, type Span } from './log-rows.js';
import type { OutgoingRecord } from './record-producer.js';
import type { EventContext } from './types.js';
import { UUID_TEXT_BYTES, writeUuidText } from './uuid-text.js';

export type Route = (type: string) => { topic: string; partitions: number };

/** `no-topic-for-this-type`: the router knows no such type; `invalid-context`: written by something else than this store. */
export type Unpublishable = 'no-topic-for-this-type' | 'invalid-context';

/** An event on its way to Kafka, with its place in the log. */
export interface Publication {
  xid: number;
  position: number;
  /** Unix time in ms. */
  recordedAt: number;
  /** Or why there can be none. */
  record: OutgoingRecord | Unpublishable;
  /** The stream as uuid text, the record's key. */
  key: Buffer;
}

/** Remembers what it made of the bytes before: most rows repeat them. */
class Last<T> {
  #bytes = Buffer.alloc(0);
  #value: T | undefined;

  constructor(readonly make: (bytes: Buffer) => T) {}

  of(bytes: Buffer, { start, end }: Span): T {
    const same = end - start === this.#bytes.length && bytes.compare(this.#bytes, 0, end - start, start, end) === 0;
    if (this.#value === undefined || !same) {
      const kept = Buffer.from(bytes.subarray(start, end));
      this.#value = this.make(kept);
      this.#bytes = kept;
    }
    return this.#value;
  }
}

interface TypeEntry {
  header: Buffer;
  route: { topic: string; partitions: number } | undefined;
}

/** Headers on the wire, one behind the other. */
interface HeaderRun {
  count: number;
  bytes: Buffer;
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

const NAME = Object.fromEntries(Object.entries(HEADER).map(([key, name]) => [key, ascii(name)])) as Record<
  keyof typeof HEADER,
  Buffer
>;
const SPEC_VERSION = encodeHeader(NAME.specVersion, ascii('1.0'));
const LATE = encodeHeader(NAME.late, ascii('1'));
/** Versions below this many have their header ready. */
const READY_VERSIONS = Array.from({ length: 1024 }, (_, version) => sequenceHeader(version));
const UUID = Buffer.alloc(UUID_TEXT_BYTES);
/** What comes before the value of a header whose value is a uuid. */
const ID_LEAD = encodeHeader(NAME.id, UUID).subarray(0, -UUID_TEXT_BYTES);
const PARTITION_KEY_LEAD = encodeHeader(NAME.partitionKey, UUID).subarray(0, -UUID_TEXT_BYTES);
const LOG_POSITION_LEAD = encodeHeader(NAME.logPosition, Buffer.alloc(0)).subarray(0, -1);
/** Id, partition key, sequence, position in the log. */
const OWN_HEADERS = 4;
/** There are fewer than 64. */
const COUNT_BYTES = 1;

function sequenceHeader(version: number): Buffer {
  return encodeHeader(NAME.sequence, ascii(String(version)));
}

/**
 * Makes Kafka records of rows of the log: CloudEvents in binary mode. What repeats from row to row (names, types,
 * times of one transaction, the context of one request) is encoded once.
 */
export class RecordEncoder {
  readonly #source: Buffer;
  readonly #route: Route;
  readonly #types = new Map<string, TypeEntry>();
  readonly #type = new Last((bytes) => this.#typeEntry(bytes));
  readonly #contentType = new Last((bytes) => encodeHeader(NAME.contentType, bytes));
  readonly #context = new Last(readContext);
  #timeMs = Number.NaN;
  #time = SPEC_VERSION;
  #shared: HeaderRun = { count: 0, bytes: Buffer.alloc(0) };
  #sharedOf: readonly unknown[] = [];

  constructor(source: string, route: Route) {
    this.#source = encodeHeader(NAME.source, Buffer.from(source));
    this.#route = route;
  }

  /** `bytes` as `LogRows` reads them; the records keep views on them. */
  encode(bytes: Buffer, late: boolean): Publication[] {
    const publications: Publication[] = [];
    const rows = new LogRows(bytes);
    while (rows.next()) publications.push(this.#publication(rows, late));
    return publications;
  }

  #publication(rows: LogRows, late: boolean): Publication {
    const { xid, position, recordedAt, bytes, payload } = rows;
    const { header, route } = this.#type.of(bytes, rows.type);
    const context = this.#context.of(bytes, rows.context);
    if (route === undefined || context === 'invalid') {
      const key = Buffer.allocUnsafe(UUID_TEXT_BYTES);
      writeUuidText(bytes, rows.streamAt, key, 0);
      return { xid, position, recordedAt, key, record: route ? 'invalid-context' : 'no-topic-for-this-type' };
    }
    const shared = this.#sharedHeaders(this.#contentType.of(bytes, rows.contentType), header, rows.recordedAt, context);
    const { headers, key } = headersOf(rows, shared, late);
    const value = bytes.subarray(payload.start, payload.end);
    const { topic, partitions } = route;
    const record = { topic, partition: partitionOf(key, partitions), key, value, headers };
    return { xid, position, recordedAt, key, record };
  }

  /** What the rows of one request have in common: joined once, and copied for each. */
  #sharedHeaders(contentType: Buffer, type: Buffer, recordedAt: number, context: HeaderRun): HeaderRun {
    const time = this.#timeHeader(recordedAt);
    const of = [contentType, type, time, context];
    if (of.some((part, i) => part !== this.#sharedOf[i])) {
      const own = [contentType, SPEC_VERSION, this.#source, type, time];
      this.#shared = { count: own.length + context.count, bytes: Buffer.concat([...own, context.bytes]) };
      this.#sharedOf = of;
    }
    return this.#shared;
  }

  #typeEntry(bytes: Buffer): TypeEntry {
    const type = bytes.toString();
    let entry = this.#types.get(type);
    if (entry === undefined) {
      entry = { header: encodeHeader(NAME.type, bytes), route: this.#routeOf(type) };
      this.#types.set(type, entry);
    }
    return entry;
  }

  /** The router throws on a type it does not know: such an event halts its stream, not the relay. */
  #routeOf(type: string): TypeEntry['route'] {
    try {
      return this.#route(type);
    } catch {
      return undefined;
    }
  }

  #timeHeader(ms: number): Buffer {
    if (ms !== this.#timeMs) {
      this.#timeMs = ms;
      this.#time = encodeHeader(NAME.time, ascii(new Date(ms).toISOString()));
    }
    return this.#time;
  }
}

/** All headers of a row's record, with the key, which is one of their values. */
function headersOf(rows: LogRows, shared: HeaderRun, late: boolean): { headers: Buffer; key: Buffer } {
  const sequence = READY_VERSIONS[rows.version] ?? sequenceHeader(rows.version);
  const place = `${rows.xid}.${rows.position}`;
  const headers = Buffer.allocUnsafe(
    COUNT_BYTES +
      shared.bytes.length +
      ID_LEAD.length +
      PARTITION_KEY_LEAD.length +
      2 * UUID_TEXT_BYTES +
      sequence.length +
      LOG_POSITION_LEAD.length +
      lengthPrefixed(place.length) +
      (late ? LATE.length : 0),
  );
  let at = writeVarint(headers, shared.count + OWN_HEADERS + (late ? 1 : 0), 0);
  at += shared.bytes.copy(headers, at);
  at += ID_LEAD.copy(headers, at);
  writeUuidText(rows.bytes, rows.eventIdAt, headers, at);
  at += UUID_TEXT_BYTES;
  at += PARTITION_KEY_LEAD.copy(headers, at);
  writeUuidText(rows.bytes, rows.streamAt, headers, at);
  const key = headers.subarray(at, at + UUID_TEXT_BYTES);
  at += UUID_TEXT_BYTES;
  at += sequence.copy(headers, at);
  at += LOG_POSITION_LEAD.copy(headers, at);
  at = writeVarint(headers, place.length, at);
  at += headers.write(place, at, 'latin1');
  if (late) LATE.copy(headers, at);
  return { headers, key };
}

function readContext(json: Buffer): HeaderRun | 'invalid' {
  const context = JSON.parse(json.toString()) as Partial<EventContext> | null;
  const { actor, correlationId, causationId, traceparent } = context ?? {};
  if (typeof actor !== 'string' || typeof correlationId !== 'string') return 'invalid';
  const headers = [
    encodeHeader(NAME.actor, Buffer.from(actor)),
    encodeHeader(NAME.correlationId, Buffer.from(correlationId)),
  ];
  if (typeof causationId === 'string') headers.push(encodeHeader(NAME.causationId, Buffer.from(causationId)));
  if (typeof traceparent === 'string') headers.push(encodeHeader(NAME.traceParent, Buffer.from(traceparent)));
  return { count: headers.length, bytes: Buffer.concat(headers) };
}
