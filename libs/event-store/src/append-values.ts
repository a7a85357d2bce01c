import { randomUUID } from 'node:crypto';
import type { Append } from './decide.js';
import type { EventContext, NewEvent } from './types.js';

/** Gathers values of variable length end to end; places are SQL's, counted from 1. */
class Blob {
  readonly #parts: Buffer[] = [];
  #size = 0;

  add(part: Buffer): number {
    const at = this.#size + 1;
    this.#parts.push(part);
    this.#size += part.length;
    return at;
  }

  whole(): Buffer {
    return Buffer.concat(this.#parts, this.#size);
  }
}

/** The distinct pairs of type and content type of a batch: few, so that rows name them by number. */
class Kinds {
  readonly types: string[] = [];
  readonly contentTypes: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(event: NewEvent): number {
    const name = `${event.type} ${event.contentType}`;
    let number = this.#numbers.get(name);
    if (number === undefined) {
      this.types.push(event.type);
      number = this.contentTypes.push(event.contentType);
      this.#numbers.set(name, number);
    }
    return number;
  }
}

/** A column as PostgreSQL's array literal: pg would escape element by element what never needs it. */
const column = (values: readonly (string | number)[]): string => `{${values.join(',')}}`;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The values of the append statement for these appends. */
export function appendValues(appends: readonly Append[]): unknown[] {
  const blob = new Blob();
  // A stable sort: appends of one stream keep the order in which they were decided.
  const sorted = appends.toSorted((a, b) => byText(a.command.stream, b.command.stream));
  const kinds = new Kinds();
  const events = eventColumns(sorted, blob, kinds);
  const states = stateColumns(sorted, blob);
  const replies = replyColumns(appends, blob);
  return [blob.whole(), kinds.types, kinds.contentTypes, ...events, ...states, ...replies];
}

function eventColumns(sorted: readonly Append[], blob: Blob, kinds: Kinds): string[] {
  const streams: string[] = [];
  const versions: number[] = [];
  const eventIds: string[] = [];
  const kind: number[] = [];
  const contextAt: number[] = [];
  const contextSize: number[] = [];
  const payloadAt: number[] = [];
  const payloadSize: number[] = [];
  const contexts = new Map<EventContext, { at: number; size: number }>();
  for (const { command, version, events } of sorted) {
    // Commands of one request share their context: it is sent once.
    let context = contexts.get(command.context);
    if (context === undefined) {
      const json = Buffer.from(JSON.stringify(command.context));
      context = { at: blob.add(json), size: json.length };
      contexts.set(command.context, context);
    }
    let next = version;
    for (const event of events) {
      next += 1;
      streams.push(command.stream);
      versions.push(next);
      eventIds.push(event.eventId ?? randomUUID());
      kind.push(kinds.numberOf(event));
      contextAt.push(context.at);
      contextSize.push(context.size);
      payloadAt.push(blob.add(event.payload));
      payloadSize.push(event.payload.length);
    }
  }
  return [streams, versions, eventIds, kind, contextAt, contextSize, payloadAt, payloadSize].map(column);
}

function stateColumns(sorted: readonly Append[], blob: Blob): string[] {
  const streams: string[] = [];
  const versions: number[] = [];
  const at: number[] = [];
  const size: number[] = [];
  const stored = sorted.filter(({ state }) => state !== undefined);
  for (const [index, { command, version, events, state }] of stored.entries()) {
    // Of a chain on one stream only the last state is stored: one statement cannot update a row twice.
    if (stored[index + 1]?.command.stream === command.stream) continue;
    streams.push(command.stream);
    versions.push(version + events.length);
    at.push(blob.add(state!));
    size.push(state!.length);
  }
  return [streams, versions, at, size].map(column);
}

function replyColumns(appends: readonly Append[], blob: Blob): string[] {
  const at: number[] = [];
  const digestSize: number[] = [];
  const replySize: number[] = [];
  const versions: number[] = [];
  const keyed = appends.filter((append) => append.key !== undefined).sort((a, b) => byText(a.key!, b.key!));
  for (const { command, key, version, events, reply } of keyed) {
    const digest = command.idempotency!.requestDigest;
    const json = Buffer.from(JSON.stringify(reply) ?? 'null');
    at.push(blob.add(Buffer.from(key!, 'hex')));
    blob.add(digest);
    blob.add(json);
    digestSize.push(digest.length);
    replySize.push(json.length);
    versions.push(version + events.length);
  }
  return [at, digestSize, replySize, versions].map(column);
}
