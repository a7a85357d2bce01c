import { Injectable } from '@nestjs/common';
import { Pool } from 'pg';
import type { Measure } from '../domain/figures/figure-counts.js';
import type { MonthCounts } from '../domain/figures/public-figures.js';

/** So many agencies and purposes a month at most: a range of the primary key. */
const COUNTS = `select agency, purpose, measure, sum(count)::float8 as count from audit.figure
  where month = $1 group by agency, purpose, measure`;

const TIMES = 'select bucket, sum(count)::float8 as count from audit.figure_time where month = $1 group by bucket';

/** What the intake counted. */
@Injectable()
export class Figures {
  constructor(private readonly pool: Pool) {}

  /** @param month `2026-11` */
  async of(month: string): Promise<MonthCounts> {
    const values = [`${month}-01`];
    const [counts, times] = await Promise.all([
      this.pool.query<{ agency: string; purpose: string; measure: Measure; count: number }>({
        name: 'figures',
        text: COUNTS,
        values,
      }),
      this.pool.query<{ bucket: number; count: number }>({ name: 'figure-times', text: TIMES, values }),
    ]);
    return { month, counts: counts.rows, times: times.rows };
  }
}
