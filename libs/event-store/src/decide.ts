import type { Loaded, PastReply } from './load.js';
import type { Command, CurrentState, Executed, NewEvent, Outcome, SqlEffect } from './types.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A command on its way, with its idempotency key as the hex form of the digest it is stored under. */
export interface Entry<R> {
  command: Command<R>;
  key: string | undefined;
}

/** One command's events, to be appended behind `version`. */
export interface Append {
  command: Command<unknown>;
  key: string | undefined;
  /** The stream's version before these events. */
  version: number;
  events: NewEvent[];
  /** Undefined where the stream's stored state may stay behind. */
  state: Buffer | undefined;
  reply: unknown;
  effects: readonly SqlEffect[];
  memo: unknown;
}

/** A command's own fault: it fails alone, the rest of its batch goes on. */
export class Faulty {
  constructor(readonly error: unknown) {}
}

export interface Decided<R> {
  /** One per entry, in order; fewer when the bytes to append reached the limit before the end. */
  results: (Executed<R> | Faulty)[];
  /** In the order of the commands; `places` says which entry each came from. */
  appends: Append[];
  places: number[];
  /** Recalled streams on which something was decided that no append will confirm, with the version it was decided on. */
  doubtful: Map<string, number>;
}

export interface Limits {
  eventBytes: number;
  batchBytes: number;
  /** See `EventStoreOptions.stateEvery`. */
  stateEvery: number;
}

export function assertUuid(text: string): void {
  if (!UUID.test(text)) throw new TypeError('not a uuid in lower case');
}

/**
 * Decides a batch on what was loaded. Commands on one stream are chained: each sees the state the one before it left.
 * `settled` holds the results of entries that are not to be decided again.
 */
export function decideAll<R>(
  entries: readonly Entry<R>[],
  loaded: Loaded,
  settled: ReadonlyMap<number, Executed<R> | Faulty>,
  limits: Limits,
): Decided<R> {
  const states = new Map<string, CurrentState>(loaded.states);
  const replies = new Map<string, PastReply>(loaded.replies);
  const results: (Executed<R> | Faulty)[] = [];
  const appends: Append[] = [];
  const places: number[] = [];
  const doubtful = new Map<string, number>();
  let bytes = 0;
  for (const [place, entry] of entries.entries()) {
    if (bytes >= limits.batchBytes) break;
    const result = settled.get(place) ?? replay(entry, replies);
    if (result !== undefined) {
      results.push(result);
      continue;
    }
    try {
      results.push(decideOne(entry));
    } catch (error) {
      results.push(new Faulty(error));
    }
    if (appends.length > places.length) places.push(place);
  }
  return { results, appends, places, doubtful };

  function decideOne({ command, key }: Entry<R>): Executed<R> {
    const current = states.get(command.stream)!;
    const outcome = command.decide(current);
    if (outcome.kind === 'nothing') {
      // Behind an append of this batch the append's expected version stands for it.
      if (loaded.recalled.get(command.stream) === current) doubtful.set(command.stream, current.version);
      return { kind: 'done', reply: outcome.reply, version: current.version, appended: false, replayed: false };
    }
    const { events, reply, memo } = outcome;
    if (events.length === 0) throw new TypeError('an append needs at least one event');
    if (events.length > 1 && limits.stateEvery > 1) throw new TypeError('a store of sparse states takes events singly');
    for (const event of events) {
      if (event.eventId !== undefined) assertUuid(event.eventId);
      if (event.payload.length > limits.eventBytes) return { kind: 'event-too-large' };
    }
    const version = current.version + events.length;
    const stored = isStored(version, limits.stateEvery);
    const state = stored || memo === undefined ? stateOf(outcome) : undefined;
    states.set(command.stream, memo === undefined ? { version, state: state! } : { version, state: null, memo });
    if (key !== undefined) {
      replies.set(key, { requestDigest: command.idempotency!.requestDigest, version, reply });
    }
    bytes += (state?.length ?? 0) + events.reduce((sum, event) => sum + event.payload.length, 0);
    appends.push({
      command,
      key,
      version: current.version,
      events,
      state: stored ? state : undefined,
      reply,
      effects: outcome.effects ?? [],
      memo,
    });
    return { kind: 'done', reply, version, appended: true, replayed: false };
  }
}

/** Told by the version alone, so that a rebuild knows which state a stream has to have. */
export function isStored(version: number, stateEvery: number): boolean {
  return (version - 1) % stateEvery === 0;
}

function stateOf({ state }: Extract<Outcome<unknown>, { kind: 'append' }>): Buffer {
  return typeof state === 'function' ? state() : state;
}

function replay<R>(entry: Entry<R>, replies: Map<string, PastReply>): Executed<R> | undefined {
  if (entry.key === undefined) return undefined;
  const past = replies.get(entry.key);
  if (past === undefined) return undefined;
  if (!past.requestDigest.equals(entry.command.idempotency!.requestDigest)) return { kind: 'idempotency-mismatch' };
  // Whoever stored a reply of this key stored R: the key is scoped by endpoint.
  return { kind: 'done', reply: past.reply as R, version: past.version, appended: false, replayed: true };
}
