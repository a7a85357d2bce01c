import { isDeepStrictEqual } from 'node:util';
import { foldedModel } from './folded-model.js';
import { LogSource } from './log-source.js';
import type { LoggedEvent } from './own-log.js';
import type { Opaque, ReadModel } from './read-model.js';

/** How a service's streams become their inline states. */
export interface StreamStates<T> {
  schema: string;
  /** Runs before a batch is folded, with its streams. */
  prepare?: (streams: string[]) => Promise<void>;
  /** Pure: the evolve that decisions use. */
  evolve: (before: T | undefined, event: LoggedEvent) => T;
  encode: (state: T, stream: string, version: number) => Buffer;
  decode: (bytes: Buffer, stream: string, version: number) => T;
  /** False of a state that cannot be made any more, because its events do not open. */
  knows?: (state: T) => boolean;
  /** For states whose bytes are not the same each time. */
  same: Opaque['same'];
}

interface Folded<T> {
  version: number;
  value: T;
}

/** The inline states of a service's streams, from the events of the same streams. */
export function streamStates<T>({ schema, prepare, evolve, encode, decode, knows, same }: StreamStates<T>): ReadModel {
  return foldedModel<LoggedEvent, Folded<T>>({
    name: 'stream_state',
    source: `${schema}’s own log`,
    key: 'stream',
    opaque: { column: 'state', same },
    extent: LogSource.extent(schema),
    open: (pool) =>
      new LogSource({
        pool,
        schema,
        wants: () => true,
        decode: copyOf,
        streamOf: (_, stream) => stream,
      }),
    ...(prepare !== undefined && { prepare }),
    ...(knows !== undefined && { knows: ({ value }) => knows(value) }),
    keyOf: ({ stream }) => stream,
    evolve: (before, event) => ({ version: event.version, value: evolve(before?.value, event) }),
    rowOf: ({ version, value }, stream) => ({
      version,
      state: `\\x${encode(value, stream, version).toString('hex')}`,
    }),
    stateOf: ({ version, state }, _, stream) => ({
      version: version as number,
      value: decode(state as Buffer, stream, version as number),
    }),
  });
}

/** The payload is a view on the bytes of a whole reading, which must not live as long as one state. */
function copyOf(event: LoggedEvent): LoggedEvent {
  return { ...event, payload: Buffer.from(event.payload) };
}

/** States that are JSON, beside empty ones of records: the order of members says nothing. */
export const sameJson: Opaque['same'] = async (pairs) =>
  pairs.map(({ live, rebuilt }) => {
    try {
      return (
        live.length === rebuilt.length && isDeepStrictEqual(JSON.parse(live.toString()), JSON.parse(rebuilt.toString()))
      );
    } catch {
      return false;
    }
  });
