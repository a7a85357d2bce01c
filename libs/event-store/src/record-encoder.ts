import { HEADER, partitionOf } from '@sluice/contracts';
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
      this.#bytes = Buffer.from(bytes.subarray(start, end));
      this.#value = this.make(this.#bytes);
    }
    return this.#value;
  }
}

interface TypeEntry {
  header: Buffer;
  route: { topic: string; partitions: number } | undefined;
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

const NAME = Object.fromEntries(Object.entries(HEADER).map(([key, name]) => [key, ascii(name)])) as Record<
  keyof typeof HEADER,
  Buffer
>;
const SPEC_VERSION = ascii('1.0');
const LATE = ascii('1');
/** Versions below this many have their decimal form ready. */
const READY_VERSIONS = Array.from({ length: 1024 }, (_, version) => ascii(String(version)));

/**
 * Makes Kafka records of rows of the log: CloudEvents in binary mode. What repeats from row to row (names, types,
 * times of one transaction, the context of one request) is encoded once.
 */
export class RecordEncoder {
  readonly #source: Buffer;
  readonly #route: Route;
  readonly #types = new Map<string, TypeEntry>();
  readonly #type = new Last((bytes) => this.#typeEntry(bytes));
  readonly #contentType = new Last((bytes) => bytes);
  readonly #context = new Last(readContext);
  #timeMs = Number.NaN;
  #time = SPEC_VERSION;

  constructor(source: string, route: Route) {
    this.#source = Buffer.from(source);
    this.#route = route;
  }

  /** `bytes` as `LogRows` reads them; the records keep views on them. */
  encode(bytes: Buffer, late: boolean): Publication[] {
    const publications: Publication[] = [];
    const rows = new LogRows(bytes);
    while (rows.next()) {
      const ids = Buffer.allocUnsafe(2 * UUID_TEXT_BYTES);
      writeUuidText(bytes, rows.streamAt, ids, 0);
      writeUuidText(bytes, rows.eventIdAt, ids, UUID_TEXT_BYTES);
      const key = ids.subarray(0, UUID_TEXT_BYTES);
      const record = this.#record(rows, key, ids.subarray(UUID_TEXT_BYTES), late);
      publications.push({ xid: rows.xid, position: rows.position, recordedAt: rows.recordedAt, key, record });
    }
    return publications;
  }

  #record(rows: LogRows, key: Buffer, id: Buffer, late: boolean): OutgoingRecord | Unpublishable {
    const { bytes, payload } = rows;
    const { header, route } = this.#type.of(bytes, rows.type);
    if (route === undefined) return 'no-topic-for-this-type';
    const context = this.#context.of(bytes, rows.context);
    if (context === 'invalid') return 'invalid-context';
    const headers = new Map<Buffer, Buffer>()
      .set(NAME.contentType, this.#contentType.of(bytes, rows.contentType))
      .set(NAME.specVersion, SPEC_VERSION)
      .set(NAME.id, id)
      .set(NAME.source, this.#source)
      .set(NAME.type, header)
      .set(NAME.time, this.#timeText(rows.recordedAt))
      .set(NAME.partitionKey, key)
      .set(NAME.sequence, READY_VERSIONS[rows.version] ?? ascii(String(rows.version)))
      .set(NAME.logPosition, ascii(`${rows.xid}.${rows.position}`));
    for (const [name, value] of context.headers) headers.set(name, value);
    if (late) headers.set(NAME.late, LATE);
    const value = bytes.subarray(payload.start, payload.end);
    return { topic: route.topic, partition: partitionOf(key, route.partitions), key, value, headers };
  }

  #typeEntry(bytes: Buffer): TypeEntry {
    const type = bytes.toString();
    let entry = this.#types.get(type);
    if (entry === undefined) {
      entry = { header: bytes, route: this.#routeOf(type) };
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

  #timeText(ms: number): Buffer {
    if (ms !== this.#timeMs) {
      this.#timeMs = ms;
      this.#time = ascii(new Date(ms).toISOString());
    }
    return this.#time;
  }
}

function readContext(json: Buffer): { headers: [name: Buffer, value: Buffer][] } | 'invalid' {
  const context = JSON.parse(json.toString()) as Partial<EventContext> | null;
  const { actor, correlationId, causationId, traceparent } = context ?? {};
  if (typeof actor !== 'string' || typeof correlationId !== 'string') return 'invalid';
  const headers: [Buffer, Buffer][] = [
    [NAME.actor, Buffer.from(actor)],
    [NAME.correlationId, Buffer.from(correlationId)],
  ];
  if (typeof causationId === 'string') headers.push([NAME.causationId, Buffer.from(causationId)]);
  if (typeof traceparent === 'string') headers.push([NAME.traceParent, Buffer.from(traceparent)]);
  return { headers };
}
