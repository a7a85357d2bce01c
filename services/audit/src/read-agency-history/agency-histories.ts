import { Injectable } from '@nestjs/common';
import { uuidText } from '@sluice/contracts';
import { Pool } from 'pg';
import { concerns, type HistoryLine, linesOf } from '../domain/history-lines.js';
import { ACTIVITY_ROW_BYTES } from '../intake/agency-columns.js';
import { type Extent, isBefore } from '../read-history/histories.js';

/** Records of one query: at high rates one of them holds hundreds of rows. */
const RECORDS_AT_ONCE = 50;
const ROWS_AT_ONCE = 200;
const SUBJECT_BYTES = 16;

/** Backwards over the primary key; its plan is tested. */
export const PAGE_OF_ACTIVITY = `select at, ref, rows from audit.agency_activity
  where agency = $1 and (at, ref) <= ($2, $3) and at >= $4 order by at desc, ref desc limit $5`;

const ROWS_OF = `select history.subject, history.ref, history.entry
  from unnest($1::uuid[], $3::bigint[]) as wanted (subject, ref)
  join audit.history on history.subject = wanted.subject and history.at = $2 and history.ref = wanted.ref
  order by history.ref desc`;

/** A line of a history, and whose it is. */
export interface AgencyLine extends HistoryLine {
  subject: string;
}

/** What concerns an agency, over all histories. */
@Injectable()
export class AgencyHistories {
  constructor(private readonly pool: Pool) {}

  /** The lines of one row after the other, newest first, as far as they are asked for. */
  async *rowsAfter(agency: string, { cursor, from }: Extent): AsyncGenerator<AgencyLine[]> {
    let [at, ref] = [new Date(cursor.at), cursor.ref];
    for (;;) {
      const { rows: records } = await this.pool.query<{ at: Date; ref: string; rows: Buffer }>({
        name: 'page-of-activity',
        text: PAGE_OF_ACTIVITY,
        values: [agency, at, ref, new Date(from), RECORDS_AT_ONCE],
      });
      for (const record of records) {
        for await (const lines of this.#rowsOf(record)) {
          yield lines.filter((line) => concerns(line.entry, agency) && isBefore(line, cursor));
        }
      }
      const last = records.at(-1);
      if (last === undefined || records.length < RECORDS_AT_ONCE) return;
      [at, ref] = [last.at, BigInt(last.ref) - 1n];
    }
  }

  async *#rowsOf({ at, ref, rows }: { at: Date; ref: string; rows: Buffer }): AsyncGenerator<AgencyLine[]> {
    const count = rows.length / ACTIVITY_ROW_BYTES;
    for (let end = count; end > 0; end -= ROWS_AT_ONCE) {
      const wanted = Array.from({ length: Math.min(end, ROWS_AT_ONCE) }, (_, i) => (end - 1 - i) * ACTIVITY_ROW_BYTES);
      const found = await this.pool.query<{ subject: string; ref: string; entry: Buffer }>({
        name: 'rows-of-activity',
        text: ROWS_OF,
        values: [
          wanted.map((place) => uuidText(rows, place)),
          at,
          wanted.map((place) => BigInt(ref) + BigInt(rows.readUInt16BE(place + SUBJECT_BYTES))),
        ],
      });
      for (const { subject, ref: rowRef, entry } of found.rows) {
        yield linesOf({ at: at.getTime(), ref: BigInt(rowRef), entry }).map((line) => ({ ...line, subject }));
      }
    }
  }
}
