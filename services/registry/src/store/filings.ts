import { Injectable } from '@nestjs/common';
import type { ReplyOf, readFiling } from '@sluice/contracts';
import { EventStoreError, type SqlEffect } from '@sluice/event-store';
import { Pool } from 'pg';

export type FilingState = ReplyOf<typeof readFiling>;

/** How many lines of one batch ended how. */
export interface LineCounts {
  readonly changed: number;
  readonly unchanged: number;
  readonly refused: number;
}

const FIND = `select next_line::float8 as "nextLine", changed::float8, unchanged::float8, refused::float8
  from registry.filing where agency = $1 and filing = $2`;

const ADVANCE = 'select registry.advance_filing($1, $2, $3, $4, $5, $6)';

/** Raised where a filing does not stand at the line a batch begins with. */
const NEXT_LINE_CONSTRAINT = 'filing_next_line';

/** How far publishers' bulk filings have come. */
@Injectable()
export class Filings {
  constructor(private readonly pool: Pool) {}

  async find(agency: string, filing: string): Promise<FilingState | undefined> {
    const { rows } = await this.pool.query<Omit<FilingState, 'filing'>>({
      name: 'find-filing',
      text: FIND,
      values: [agency, filing],
    });
    return rows[0] && { filing, ...rows[0] };
  }

  /** Moves a filing on from line `from` in the transaction of its lines' events, or fails it: see `goesOnElsewhere`. */
  static advancing(agency: string, filing: string, from: number, counts: LineCounts): SqlEffect {
    const { changed, unchanged, refused } = counts;
    return { name: 'advance-filing', text: ADVANCE, values: [agency, filing, from, changed, unchanged, refused] };
  }

  /** Whether a batch failed because another request has filed its lines. */
  static goesOnElsewhere(error: unknown): boolean {
    if (!(error instanceof EventStoreError)) return false;
    return (error.cause as { constraint?: unknown } | undefined)?.constraint === NEXT_LINE_CONSTRAINT;
  }
}
