import type { HistoryEntry } from '@sluice/contracts';
import { entryId } from './entry-id.js';
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
    .map((content, index) => ({
      at,
      ref,
      index,
      entry: { id: entryId({ at, ref }, content), at: time, ...content },
    }))
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
export function concerns({ recipient, actor }: Pick<HistoryEntry, 'recipient' | 'actor'>, agency: string): boolean {
  return recipient === agency || actor === `agency:${agency}`;
}

/** The agency that has to answer for an entry: who received or was refused, else who acted; undefined where it was none. */
export function agencyConcerned({ recipient, actor }: Pick<HistoryEntry, 'recipient' | 'actor'>): string | undefined {
  return recipient ?? (actor.startsWith('agency:') ? actor.slice('agency:'.length) : undefined);
}
