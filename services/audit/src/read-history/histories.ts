import { Injectable } from '@nestjs/common';
import { Pool } from 'pg';
import type { RowPlace } from '../domain/entry-id.js';
import { type HistoryLine, linesOf } from '../domain/history-lines.js';
import type { Cursor } from './cursors.js';

/** Of one query while a history is searched: more would hold up others for one page. */
const MOST_ROWS_AT_ONCE = 500;

/** Backwards over the primary key; its plan is tested. */
export const PAGE_OF_HISTORY = `select at, ref, entry from audit.history
  where subject = $1 and (at, ref) <= ($2, $3) and at >= $4 order by at desc, ref desc limit $5`;

const ONE_ROW = 'select at, ref, entry from audit.history where subject = $1 and at = $2 and ref = $3';

interface Row {
  at: Date;
  ref: string;
  entry: Buffer;
}

/** From where to where, and how many rows to begin with: as many as a page is likely to need. */
export interface Extent {
  /** The newest line that is left out. */
  cursor: Cursor;
  /** The oldest time that is wanted, ms since 1970. */
  from: number;
  rows: number;
}

@Injectable()
export class Histories {
  constructor(private readonly pool: Pool) {}

  /** A person's history after `cursor`, newest first: the lines of one row after the other, as far as they are asked for. */
  async *rowsAfter(subject: string, { cursor, from, rows: first }: Extent): AsyncGenerator<HistoryLine[]> {
    let after = cursor;
    let limit = Math.min(first, MOST_ROWS_AT_ONCE);
    for (;;) {
      const { rows } = await this.pool.query<Row>({
        name: 'page-of-history',
        text: PAGE_OF_HISTORY,
        values: [subject, new Date(after.at), after.ref, new Date(from), limit],
      });
      for (const row of rows) yield linesOfRow(row).filter((line) => isBefore(line, after));
      if (rows.length < limit) return;
      const last = rows.at(-1)!;
      after = { at: last.at.getTime(), ref: BigInt(last.ref), index: 0 };
      limit = MOST_ROWS_AT_ONCE;
    }
  }

  /** The lines of one row; none where there is no such row. */
  async rowAt(subject: string, { at, ref }: RowPlace): Promise<HistoryLine[]> {
    const { rows } = await this.pool.query<Row>({
      name: 'row-of-history',
      text: ONE_ROW,
      values: [subject, new Date(at), ref],
    });
    return rows.flatMap(linesOfRow);
  }
}

function linesOfRow({ at, ref, entry }: Row): HistoryLine[] {
  return linesOf({ at: at.getTime(), ref: BigInt(ref), entry });
}

/** Whether a line stands behind the one a page ended with. */
export function isBefore(line: HistoryLine, { at, ref, index }: Cursor): boolean {
  if (line.at !== at) return line.at < at;
  if (line.ref !== ref) return line.ref < ref;
  return line.index < index;
}
