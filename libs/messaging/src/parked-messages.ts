import type { Pool } from 'pg';

/** A message that could not be handled, or waits behind one of its key. */
export interface ParkedMessage {
  id: string;
  group: string;
  topic: string;
  partition: number;
  offset: bigint;
  /** The record's key: the stream as uuid text. */
  key: string;
  type: string;
  /** Why it is here: the rule it broke, or `behind` when an earlier message of its key is parked. */
  reason: string;
  tries: number;
  state: 'waiting' | 'retrying' | 'handled' | 'discarded';
  parkedAt: Date;
}

export interface ParkedAction {
  action: 'retry' | 'discard';
  operator: string;
  at: Date;
}

export interface ParkedDetail extends ParkedMessage {
  headers: Record<string, string>;
  value: Buffer;
  actions: ParkedAction[];
}

/** What became of an operator's wish. `waits-behind` names the message of the same key that must be settled first. */
export type ParkedOutcome =
  | { kind: 'done' }
  | { kind: 'unknown' }
  | { kind: 'settled' }
  | { kind: 'waits-behind'; id: string };

/** The operator's view of `{{schema}}.parked`. */
export class ParkedMessages {
  constructor(
    readonly pool: Pool,
    readonly schema: string,
  ) {}
  /** Unsettled messages, oldest first. */
  async list(): Promise<ParkedMessage[]> {
    throw new Error('not built yet');
  }
  async show(_id: string): Promise<ParkedDetail | undefined> {
    throw new Error('not built yet');
  }
  /** Hands the message to its handler again, and those behind it in order once it is handled. */
  async retry(_id: string, _operator: string): Promise<ParkedOutcome> {
    throw new Error('not built yet');
  }
  /** Gives the message up; those behind it are handled. */
  async discard(_id: string, _operator: string): Promise<ParkedOutcome> {
    throw new Error('not built yet');
  }
}
