import { type Language, preferredLanguage } from '@sluice/platform';
import { type HistoryFilter, isPlain } from '../domain/history-filter.js';
import { before, type Cursor, NEWEST } from './cursors.js';
import type { Extent } from './histories.js';

/** Of a filtered page so many rows are read first; most filters let a part of them pass. */
const FILTERED_ROWS = 200;

/** What a request asks of a history, beyond its pages. */
export interface HistoryQuery extends HistoryFilter {
  from?: string | undefined;
  to?: string | undefined;
}

/** The rows that can answer `query`; a plain page needs one more than it shows, to know whether there is a next. */
export function extentOf(query: HistoryQuery, cursor: Cursor | undefined, limit: number): Extent {
  const newest = query.to === undefined ? NEWEST : before(Date.parse(query.to));
  return {
    cursor: cursor === undefined || newest.at < cursor.at ? newest : cursor,
    from: query.from === undefined ? 0 : Date.parse(query.from),
    rows: isPlain(query) ? limit + 1 : FILTERED_ROWS,
  };
}

/** The one asked for, or the one the browser prefers. */
export function languageOf(lang: Language | undefined, acceptLanguage: string | undefined): Language {
  return lang ?? preferredLanguage(acceptLanguage);
}
