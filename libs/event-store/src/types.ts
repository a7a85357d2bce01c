/** Who acts, and as part of what. Stored beside every event and carried to Kafka in its headers, so it holds no personal value. */
export interface EventContext {
  /** `person:<uuid>`, `agency:<code>`, `staff:<id>` or `service:<name>`. */
  actor: string;
  /** Ties together everything that one outside request caused. */
  correlationId: string;
  /** The id of the event that caused this one. */
  causationId?: string;
  /** W3C trace context, version 00. */
  traceparent?: string;
}

export interface NewEvent {
  /** The full type name with its version, eg `sluice.registry.profile-changed.v1`. */
  type: string;
  contentType: string;
  payload: Buffer;
  /** A uuid; random when absent. */
  eventId?: string;
}

/** An event as it stands in the service's own log. */
export interface LoggedEvent {
  stream: string;
  version: number;
  type: string;
  /** Unix time in ms. */
  recordedAt: number;
  payload: Buffer;
}

/** What the store holds of a stream: its version is the number of its events, 0 when it is absent. */
export interface CurrentState {
  version: number;
  state: Buffer | null;
  /** The events that `state` does not know of yet, in order: see `EventStoreOptions.stateEvery`. None when absent. */
  since?: readonly LoggedEvent[];
  /** What the decision that led here left, where the store remembers it; `state` is then null. */
  memo?: unknown;
}

/**
 * A statement that commits together with the append and runs after it.
 * `name` becomes the prepared statement's name: one name MUST always stand for one text.
 */
export interface SqlEffect {
  name: string;
  text: string;
  values: unknown[];
}

/** What a decision wants. `nothing` is a refusal or an unchanged state: nothing is stored, not even the idempotency key. */
export type Outcome<R> =
  | {
      kind: 'append';
      events: NewEvent[];
      /** A function where making it is dear: called only where it is stored, or needed by the next decision of a batch. */
      state: Buffer | (() => Buffer);
      reply: R;
      effects?: SqlEffect[];
      /** Given to the next decision on the stream in place of the state, where the store remembers streams. */
      memo?: unknown;
    }
  | { kind: 'nothing'; reply: R };

export interface Command<R> {
  /** The stream's uuid, in lower case. */
  stream: string;
  context: EventContext;
  /** `key` is already scoped (principal, endpoint, the caller's key); `requestDigest` tells a repeat from a different request under the same key. */
  idempotency?: { key: string; requestDigest: Buffer };
  /**
   * Pure and synchronous; runs again with a newer state when another writer was first.
   * Its reply is stored as JSON beside the idempotency key, so it MUST NOT hold personal values.
   */
  decide(current: CurrentState): Outcome<R>;
}

/**
 * What became of a command.
 * - `done`: `version` is the stream's version afterwards; `replayed` when the idempotency key was seen before, `reply` then being the stored one.
 * - `idempotency-mismatch`: the key was used for a different request.
 * - `event-too-large`: a payload exceeds the store's limit; nothing was stored.
 * - `constraint`: an effect broke the named constraint; nothing of this command was stored.
 */
export type Executed<R> =
  | { kind: 'done'; reply: R; version: number; appended: boolean; replayed: boolean }
  | { kind: 'idempotency-mismatch' }
  | { kind: 'event-too-large' }
  | { kind: 'constraint'; constraint: string };

/** An event as read back, brought to the newest version of its type. */
export interface StoredEvent {
  stream: string;
  /** 1 for the stream's first event, without gaps. */
  version: number;
  type: string;
  eventId: string;
  contentType: string;
  context: EventContext;
  payload: Buffer;
  recordedAt: Date;
}
