import type { LineContent } from './history-row.js';

/** Where a row of a person's history stands. */
export interface RowPlace {
  /** Ms since 1970. */
  at: number;
  ref: bigint;
}

const FORM = /^([0-9a-z]{1,11})\.([0-9a-z]{1,13})\.([0-9a-f]{12}\d|0)$/;
const MAX_TIME_MS = 8_640_000_000_000_000;
const MAX_REF = 2n ** 63n - 1n;

/**
 * An entry's id: its row's place, and which line of the row. A line is told by what it says, not by its number: numbers
 * with one missing would tell that something is kept back.
 */
export function entryId({ at, ref }: RowPlace, content: LineContent): string {
  return `${at.toString(36)}.${ref.toString(36)}.${lineName(content)}`;
}

/** The row that an entry's id names; undefined for what is no id. */
export function placeOfEntry(id: string): RowPlace | undefined {
  const parts = FORM.exec(id);
  if (parts === null) return undefined;
  const at = Number.parseInt(parts[1]!, 36);
  const ref = [...parts[2]!].reduce((sum, digit) => sum * 36n + BigInt(Number.parseInt(digit, 36)), 0n);
  return at <= MAX_TIME_MS && ref <= MAX_REF ? { at, ref } : undefined;
}

/** A source event and a grant meet in one delivery and one refusal at most; the grant's last digits are random in every uuid version. */
function lineName({ outcome, grant }: LineContent): string {
  if (outcome === undefined || grant === undefined) return '0';
  return `${grant.slice(-12)}${outcome === 'delivered' ? 1 : 2}`;
}
