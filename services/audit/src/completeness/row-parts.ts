import { LEDGER_ENTRY_FORMAT, REPLAYED_ENTRY_FORMAT } from '../domain/ledger-entries.js';
import { DECISION_BYTES, SOURCE_BYTES } from '../domain/ledger-view.js';

/** Where the parts of a row's entry lie in it: what the event itself is, around the decisions about it. */
export interface EntryParts {
  /** Where the decisions begin; what the event is lies before them, and behind the last (of a replay, its plan). */
  headEnd: number;
  /** Begin of each decision, and the end of the last. */
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
  if (decisions === 0) return { headEnd: length, bounds: NO_DECISIONS };
  const bounds = [next];
  for (let i = 0; i < decisions; i++) {
    next += DECISION_BYTES + SEQUENCE_BYTES;
    next += 1 + bytes[at + next]!;
    bounds.push(next);
  }
  return { headEnd, bounds };
}
