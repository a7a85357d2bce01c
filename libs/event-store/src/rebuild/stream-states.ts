import { isDeepStrictEqual } from 'node:util';
import { isStored } from '../decide.js';
import type { LoggedEvent } from '../types.js';
import { foldedModel } from './folded-model.js';
import { LogSource } from './log-source.js';
import type { Opaque, ReadModel } from './read-model.js';

/** How a service's streams become their inline states. */
export interface StreamStates<T> {
  schema: string;
  /** That of the service's stores (`EventStoreOptions.stateEvery`); 1 when absent. */
  stateEvery?: number;
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

/** What a stream's row has to hold, and the events that its next one needs too. */
interface Folded<T> {
  version: number;
  value: T | undefined;
  since: LoggedEvent[];
}

/** `LoggedEvent` in the column `fold`; the payload is sealed where the event is, and in base64. */
interface KeptEvent extends Omit<LoggedEvent, 'payload'> {
  payload: string;
}

/** The inline states of a service's streams, from the events of the same streams. */
export function streamStates<T>(states: StreamStates<T>): ReadModel {
  const { schema, stateEvery = 1, prepare, encode, decode, knows, same } = states;
  const evolve = (before: Folded<T> | undefined, event: LoggedEvent): Folded<T> => {
    const since = [...(before?.since ?? []), event];
    if (!isStored(event.version, stateEvery)) return { version: 0, value: undefined, ...before, since };
    return { version: event.version, value: since.reduce(states.evolve, before?.value), since: [] };
  };
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
    ...(knows !== undefined && { knows: ({ value }) => value === undefined || knows(value) }),
    keyOf: ({ stream }) => stream,
    evolve,
    rowOf: ({ version, value }, stream) => ({
      version,
      state: `\\x${encode(value!, stream, version).toString('hex')}`,
    }),
    foldOf: ({ since }) => (since.length === 0 ? undefined : since.map(kept)),
    stateOf: ({ version, state }, fold, stream) => ({
      version: version as number,
      value: decode(state as Buffer, stream, version as number),
      since: ((fold ?? []) as KeptEvent[]).map(({ payload, ...event }) => ({
        ...event,
        payload: Buffer.from(payload, 'base64'),
      })),
    }),
  });
}

function kept({ payload, ...event }: LoggedEvent): KeptEvent {
  return { ...event, payload: payload.toString('base64') };
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
