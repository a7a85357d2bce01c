import { LEDGER_ENTRY_FORMAT, REPLAYED_ENTRY_FORMAT } from '../domain/ledger-entries.js';
import { DECISION_BYTES, SOURCE_BYTES } from '../domain/ledger-view.js';

/** Where the parts of a row's entry lie in it: first what the event itself is, then each decision. */
export interface EntryParts {
  /** End of the first part; it begins at 0. */
  headEnd: number;
  /** Begin of each decision, and the end of the last; the plan of a replay counts as one more. */
  bounds: readonly number[];
}

const HEAD_BYTES = 12;
const COUNT_AT = 2;
const SEQUENCE_BYTES = 8;
const NO_DECISIONS: readonly number[] = [];

/** What can be shown or withheld by itself: a decision about one recipient need not be shown with those about others. */
export function partsOf(bytes: Buffer, at: number, length: number): EntryParts {
  const format = bytes[at];
  if (format !== LEDGER_ENTRY_FORMAT && format !== REPLAYED_ENTRY_FORMAT)
    return { headEnd: length, bounds: NO_DECISIONS };
  const decisions = bytes.readUInt16BE(at + COUNT_AT);
  let next = HEAD_BYTES + SOURCE_BYTES;
  next += 1 + bytes[at + next]!;
  const headEnd = next;
  if (next === length) return { headEnd, bounds: NO_DECISIONS };
  const bounds = [next];
  for (let i = 0; i < decisions; i++) {
    next += DECISION_BYTES + SEQUENCE_BYTES;
    next += 1 + bytes[at + next]!;
    bounds.push(next);
  }
  // Of a replay, its plan.
  if (next < length) bounds.push(length);
  return { headEnd, bounds };
}
