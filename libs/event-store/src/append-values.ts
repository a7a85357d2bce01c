import type { AppendRows } from './append-query.js';
import type { Append } from './decide.js';
import { eventRows } from './event-rows.js';

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

/** A column as PostgreSQL's array literal: pg would escape element by element what never needs it. */
const column = (values: readonly (string | number)[]): string => `{${values.join(',')}}`;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What is sent to append these. All instances write in order of stream, then key. */
export function appendRows(appends: readonly Append[]): AppendRows {
  // A stable sort: appends of one stream keep the order in which they were decided.
  const sorted = appends.toSorted((a, b) => byText(a.command.stream, b.command.stream));
  return { events: eventRows(sorted), held: heldValues(sorted, appends) };
}

function heldValues(sorted: readonly Append[], appends: readonly Append[]): AppendRows['held'] {
  const stored = sorted.filter(({ state }) => state !== undefined);
  const keyed = appends.filter(({ key }) => key !== undefined);
  if (stored.length === 0 && keyed.length === 0) return undefined;
  const blob = new Blob();
  const columns = [...stateColumns(stored, blob), ...replyColumns(keyed, blob)];
  return [blob.whole(), ...columns];
}

function stateColumns(stored: readonly Append[], blob: Blob): string[] {
  const streams: string[] = [];
  const versions: number[] = [];
  const at: number[] = [];
  const size: number[] = [];
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

function replyColumns(keyed: readonly Append[], blob: Blob): string[] {
  const at: number[] = [];
  const digestSize: number[] = [];
  const replySize: number[] = [];
  const versions: number[] = [];
  for (const { command, key, version, events, reply } of keyed.toSorted((a, b) => byText(a.key!, b.key!))) {
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
