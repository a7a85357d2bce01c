import type { Pool } from 'pg';

/** A stream whose event the broker refused; its later events are held behind it. */
export interface HaltedStream {
  stream: string;
  /** Where in the log it stands. */
  xid: bigint;
  position: bigint;
  reason: string;
  at: Date;
  /** An operator asked for another try, and the relay has not made it yet. */
  releasing: boolean;
}

/** Streams that the relay holds, oldest first. */
export async function listHalted(_pool: Pool, _schema: string): Promise<HaltedStream[]> {
  throw new Error('not built yet');
}

/**
 * Asks the leading relay to publish a halted stream again, from the refused event on and in order, marked `ce_late`.
 * Resolves to false when the stream is not halted. A stream that is refused again stays halted with the new reason.
 */
export async function releaseHalted(_pool: Pool, _schema: string, _stream: string): Promise<boolean> {
  throw new Error('not built yet');
}
