import type { HistoryEntry } from '@sluice/contracts';
import { EVENT_ENTRY_FORMAT, readEventEntry } from './event-entries.js';
import type { HistoryRow, LineContent } from './history-row.js';
import { LEDGER_ENTRY_FORMAT, REPLAYED_ENTRY_FORMAT } from './ledger-entries.js';
import { readLedgerEntry } from './ledger-entry-reader.js';

/** One line of a history, with where it stands: newer lines have a greater `at`, then `ref`, then `index`. */
export interface HistoryLine {
  at: number;
  ref: bigint;
  index: number;
  entry: HistoryEntry;
}

/** The lines of a row, newest first: what followed from an event before the event. */
export function linesOf({ at, ref, entry }: HistoryRow): HistoryLine[] {
  const time = new Date(at).toISOString();
  return contentsOf(entry)
    .map((content, index) => ({ at, ref, index, entry: { id: `${ref.toString(36)}.${index}`, at: time, ...content } }))
    .reverse();
}

function contentsOf(entry: Buffer): LineContent[] {
  switch (entry[0]) {
    case LEDGER_ENTRY_FORMAT:
    case REPLAYED_ENTRY_FORMAT:
      return readLedgerEntry(entry);
    case EVENT_ENTRY_FORMAT:
      return [readEventEntry(entry)];
    default:
      throw new RangeError('a history entry of an unknown format');
  }
}

/** Whether an agency received, was refused, or acted. */
export function concerns({ entry }: HistoryLine, agency: string): boolean {
  return entry.recipient === agency || entry.actor === `agency:${agency}`;
}
