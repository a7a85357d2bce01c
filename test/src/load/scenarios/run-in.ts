import pg from 'pg';
import type { Bench } from '../bench.js';
import { runLoad } from './load-run.js';
import type { ScenarioName } from './names.js';

const RATE = 4_000;
const STREAMS = 4;
const SECONDS = 30;
const SECONDS_QUICK = 3;

/**
 * Load that is not measured: what has just started compiles its code for a while, the broker most of all. After 20 s at
 * 2,000 changes/s its compiler still took an eighth of a core.
 */
export async function runIn(bench: Bench, only: ScenarioName[]): Promise<void> {
  if (only.every((name) => name === 'raw' || name === 'rebuild' || name === 'history')) return;
  const seconds = bench.options.quick ? SECONDS_QUICK : SECONDS;
  await checkpoint(bench.stack.postgresUrl);
  bench.say(`Running in: ${RATE} changes/s for ${seconds} s`);
  await runLoad(bench, { rate: RATE, seconds, streams: STREAMS });
}

/**
 * From then on WAL goes into files that were used before, as on a server that has run for an hour: a new one is filled
 * with zeros first, and every commit waits 50 to 100 ms for that.
 */
async function checkpoint(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}
