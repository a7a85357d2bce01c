import { Injectable } from '@nestjs/common';
import { Pool } from 'pg';
import { type HistoryLine, linesOf } from '../domain/history-lines.js';
import type { Cursor } from './cursor.js';

const ROWS_AT_ONCE = 100;

/** Backwards over the primary key; its plan is tested. */
export const PAGE_OF_HISTORY = `select at, ref, entry from audit.history
  where subject = $1 and (at, ref) <= ($2, $3) order by at desc, ref desc limit $4`;

@Injectable()
export class Histories {
  constructor(private readonly pool: Pool) {}

  /** A person's history after `cursor`, newest first: the lines of one row after the other, as far as they are asked for. */
  async *rowsAfter(subject: string, cursor: Cursor): AsyncGenerator<HistoryLine[]> {
    let from = cursor;
    for (;;) {
      const { rows } = await this.pool.query<{ at: Date; ref: string; entry: Buffer }>({
        name: 'page-of-history',
        text: PAGE_OF_HISTORY,
        values: [subject, new Date(from.at), from.ref, ROWS_AT_ONCE],
      });
      for (const { at, ref, entry } of rows) {
        const lines = linesOf({ at: at.getTime(), ref: BigInt(ref), entry });
        yield lines.filter((line) => isBefore(line, from));
      }
      if (rows.length < ROWS_AT_ONCE) return;
      const last = rows.at(-1)!;
      from = { at: last.at.getTime(), ref: BigInt(last.ref), index: 0 };
    }
  }
}

function isBefore(line: HistoryLine, { at, ref, index }: Cursor): boolean {
  if (line.at !== at) return line.at < at;
  if (line.ref !== ref) return line.ref < ref;
  return line.index < index;
}
