import { HEADER } from '@sluice/contracts';
import { Poison } from '../errors.js';

/**
 * An event of one of Sluice's own topics, as handlers of pushed events receive it: at least once, in order within its
 * partition. A repeat has the same `id`, and its `version` is not above what the handler has seen of this stream.
 */
export interface IncomingEvent {
  /** CloudEvents `id` (uuid), the same on every delivery of this event. */
  id: string;
  /** CloudEvents `type`, with its version: `sluice.consent.grant-given.v1`. */
  type: string;
  source: string;
  time: Date;
  /** The stream (subject, agency ...) the event belongs to, the record's key: uuid text. */
  stream: string;
  /** The stream's version after this event, from 1; 0 for events that belong to no versioned stream. */
  version: number;
  /** Who acted: `person:…`, `agency:…`, `staff:…`, `service:…`. */
  actor: string;
  correlationId: string;
  causationId?: string;
  traceparent?: string;
  contentType: string;
  payload: Buffer;
  /** The payload parsed as JSON; throws `Poison` where it is none. */
  json<T>(): T;
  topic: string;
  partition: number;
  offset: bigint;
}

/** A record as it stands in a topic or among the parked ones, its headers as text. */
export interface EventRecord {
  topic: string;
  partition: number;
  offset: bigint;
  key: string;
  headers: Record<string, string>;
  value: Buffer;
}

/** Throws `Poison` where a header is missing that every event carries. */
export function readEvent({ topic, partition, offset, key, headers, value }: EventRecord): IncomingEvent {
  const required = (name: string): string => {
    const text = headers[name];
    if (text === undefined) throw new Poison(`header-missing ${name}`);
    return text;
  };
  const id = required(HEADER.id);
  const causationId = headers[HEADER.causationId];
  const traceparent = headers[HEADER.traceParent];
  return {
    id,
    type: required(HEADER.type),
    source: required(HEADER.source),
    time: new Date(required(HEADER.time)),
    stream: headers[HEADER.partitionKey] ?? key,
    version: Number(headers[HEADER.sequence] ?? 0),
    actor: headers[HEADER.actor] ?? '',
    correlationId: headers[HEADER.correlationId] ?? id,
    ...(causationId !== undefined && { causationId }),
    ...(traceparent !== undefined && { traceparent }),
    contentType: headers[HEADER.contentType] ?? 'application/octet-stream',
    payload: value,
    json: <T>() => parseJson(value) as T,
    topic,
    partition,
    offset,
  };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's message quotes the text, which may be personal.
    throw new Poison('payload-not-json');
  }
}
