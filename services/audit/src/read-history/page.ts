import type { HistoryLine } from '../domain/history-lines.js';
import type { Cursor } from './cursors.js';

/** So many rows are looked through for one page, however few of their lines pass the filter. */
export const MAX_ROWS_A_PAGE = 2_000;

/**
 * A row of which its reader sees nothing counts for so much of a row: pages that end early would tell of what a seal keeps
 * back, and pages that never end would be worse.
 */
const NOTHING_SHOWN = 0.1;

export interface Page<L extends HistoryLine = HistoryLine> {
  lines: L[];
  /** Where the next page begins; undefined at the end of the history. */
  next?: Cursor;
}

/** Gathers up to `limit` lines that pass. A page that was searched for too long may hold fewer, even none, and still have a next. */
export async function pageOf<L extends HistoryLine>(
  rows: AsyncIterable<L[]>,
  passes: (line: L) => boolean,
  limit: number,
): Promise<Page<L>> {
  const lines: L[] = [];
  let left = MAX_ROWS_A_PAGE;
  for await (const row of rows) {
    for (const line of row.filter(passes)) {
      if (lines.length === limit) return { lines, next: lines.at(-1)! };
      lines.push(line);
    }
    left -= row.length === 0 ? NOTHING_SHOWN : 1;
    const last = row.at(-1);
    if (left <= 0 && last !== undefined) return { lines, next: lines.length === limit ? lines.at(-1)! : last };
  }
  return { lines };
}
