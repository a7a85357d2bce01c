import type { Pool } from 'pg';
import { plainName } from './statements.js';

/** A stream whose event could not be published; its later events are held behind it. */
export interface HaltedStream {
  stream: string;
  /** Where in the log it stands. */
  xid: bigint;
  position: bigint;
  /** The rule that was broken: `too-large` and `invalid` are the broker's, `no-topic-for-this-type` and `invalid-context` ours. */
  reason: string;
  at: Date;
  /** An operator asked for another try, and the relay has not made it yet. */
  releasing: boolean;
}

/** Streams that the relay holds, oldest first. */
export async function listHalted(pool: Pool, schema: string): Promise<HaltedStream[]> {
  const { rows } = await pool.query<{
    stream: string;
    at_xid: string;
    at_position: string;
    reason: string;
    at: Date;
    releasing: boolean;
  }>(
    `select stream, xid::text as at_xid, position::text as at_position, reason, at,
            release_requested_at is not null as releasing
       from ${plainName(schema)}.relay_halted order by at, stream`,
  );
  return rows.map(({ stream, at_xid: xid, at_position: position, reason, at, releasing }) => ({
    stream,
    xid: BigInt(xid),
    position: BigInt(position),
    reason,
    at,
    releasing,
  }));
}

/**
 * Asks the leading relay to publish a halted stream again, from the refused event on and in order, marked `ce_late`.
 * Resolves to false when the stream is not halted. A stream that is refused again stays halted with the new reason.
 */
export async function releaseHalted(pool: Pool, schema: string, stream: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update ${plainName(schema)}.relay_halted set release_requested_at = now() where stream = $1`,
    [stream],
  );
  return rowCount === 1;
}
