import type { HistoryLine } from '../domain/history-lines.js';

/** The last line that was given; the next page begins behind it, whatever was added since. */
export type Cursor = Pick<HistoryLine, 'at' | 'ref' | 'index'>;

const FORM = /^(\d{1,16})\.(\d{1,19})\.(\d{1,5})$/;
const MAX_REF = 2n ** 63n - 1n;

/** Before every line there can be. */
export const NEWEST: Cursor = { at: 8_640_000_000_000_000, ref: MAX_REF, index: Number.MAX_SAFE_INTEGER };

export function writeCursor({ at, ref, index }: Cursor): string {
  return Buffer.from(`${at}.${ref}.${index}`).toString('base64url');
}

/** Undefined for what is no cursor of ours. */
export function readCursor(text: string): Cursor | undefined {
  const parts = FORM.exec(Buffer.from(text, 'base64url').toString('latin1'));
  if (parts === null) return undefined;
  const cursor = { at: Number(parts[1]), ref: BigInt(parts[2]!), index: Number(parts[3]) };
  return cursor.at <= NEWEST.at && cursor.ref <= MAX_REF ? cursor : undefined;
}
