import pg from 'pg';
import type { Bench } from '../bench.js';
import type { Figure } from './scenario.js';

const ROWS = 500;
const ROW_BYTES = 600;
const CONNECTIONS = 2;

/** Durable inserts of many rows into a table without indexes. */
export async function rawPostgres({ stack }: Bench, seconds: number): Promise<Figure> {
  const pool = new pg.Pool({ connectionString: stack.postgresUrl, max: CONNECTIONS });
  try {
    await pool.query('drop table if exists bench_raw; create table bench_raw (payload text not null)');
    const rows = Array.from({ length: ROWS }, (_, i) => `${i}`.padStart(ROW_BYTES, 'x'));
    const startedAt = performance.now();
    const endsAt = startedAt + seconds * 1_000;
    let inserted = 0;
    const insert = async (): Promise<void> => {
      while (performance.now() < endsAt) {
        await pool.query({
          name: 'raw',
          text: 'insert into bench_raw select unnest($1::text[])',
          values: [rows],
        });
        inserted += ROWS;
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, insert));
    const value = (inserted * 1_000) / (performance.now() - startedAt);
    await pool.query('drop table bench_raw');
    return { what: `rows of ${ROW_BYTES} bytes inserted, ${ROWS} a statement`, value, unit: '/s' };
  } finally {
    await pool.end();
  }
}
