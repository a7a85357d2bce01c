import type { Pool, PoolClient } from 'pg';
import type { Statement } from './statements.js';
import type { CurrentState } from './types.js';

/** What an idempotency key stands for once a command under it was stored. */
export interface PastReply {
  requestDigest: Buffer;
  version: number;
  reply: unknown;
}

export interface Loaded {
  states: Map<string, CurrentState>;
  /** By the hex form of the key's digest; keys not seen before are absent. */
  replies: Map<string, PastReply>;
}

type PastReplyRow = [place: number, digest: string, version: number, reply: unknown];

/** Reads the states of `streams` and the replies of `keys` (hex digests), both without repeats, in one round trip. */
export async function loadStates(
  db: Pool | PoolClient,
  statement: Statement,
  streams: string[],
  keys: string[],
): Promise<Loaded> {
  const result = await db.query<{ states: Buffer | null; replies: PastReplyRow[] | null }>({
    ...statement,
    values: [`{${streams.join(',')}}`, keys.length === 0 ? '{}' : `{"\\\\x${keys.join('","\\\\x')}"}`],
  });
  const row = result.rows[0]!;
  return { states: readStates(streams, row.states), replies: readReplies(keys, row.replies) };
}

function readStates(streams: string[], packed: Buffer | null): Map<string, CurrentState> {
  const states = new Map<string, CurrentState>();
  let at = 0;
  for (const stream of streams) {
    const version = packed!.readInt32BE(at);
    const size = packed!.readInt32BE(at + 4);
    at += 8;
    states.set(stream, { version, state: size < 0 ? null : packed!.subarray(at, at + size) });
    if (size > 0) at += size;
  }
  return states;
}

function readReplies(keys: string[], rows: PastReplyRow[] | null): Map<string, PastReply> {
  const replies = new Map<string, PastReply>();
  for (const [place, digest, version, reply] of rows ?? []) {
    replies.set(keys[place - 1]!, { requestDigest: Buffer.from(digest, 'hex'), version, reply });
  }
  return replies;
}
