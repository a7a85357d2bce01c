import pg from 'pg';
import type { Bench } from '../bench.js';
import { threadCpuOf } from '../measure/process-usage.js';
import { runLoad } from './load-run.js';
import type { ScenarioName } from './names.js';

const RATE = 4_000;
const STREAMS = 4;
const SECONDS = 30;
const SECONDS_QUICK = 3;

/** Then, until the broker's optimising compiler takes less than this of a core, and not for more rounds than this. */
const COMPILES = 0.05;
const ROUND_RATE = 500;
const ROUND_S = 10;
const MOST_ROUNDS = 12;
/** The beginning of its thread's name, as Linux keeps it. */
const COMPILER_THREAD = 'C2 Compiler';

/**
 * Load that is not measured: what has just started compiles its code for a while, the broker most of all. After 30 s at
 * 4,000 changes/s its compiler still took a third of a core of a slow machine; a broker runs for weeks.
 */
export async function runIn(bench: Bench, only: ScenarioName[]): Promise<void> {
  if (only.every((name) => name === 'raw' || name === 'rebuild' || name === 'history')) return;
  const seconds = bench.options.quick ? SECONDS_QUICK : SECONDS;
  await checkpoint(bench.stack.postgresUrl);
  bench.say(`Running in: ${RATE} changes/s for ${seconds} s`);
  await runLoad(bench, { rate: RATE, seconds, streams: STREAMS });
  for (let round = 1; !bench.options.quick && round <= MOST_ROUNDS; round++) {
    const compiled = await compiling(bench, () =>
      runLoad(bench, { rate: ROUND_RATE, seconds: ROUND_S, streams: STREAMS }),
    );
    if (compiled < COMPILES) return;
    bench.say(`Running in: the broker compiles for ${Math.round(compiled * 100)} % of a core yet`);
  }
}

/** The share of a core that the broker's compiler took during `load`. */
async function compiling(bench: Bench, load: () => Promise<unknown>): Promise<number> {
  const { pid } = bench.stack.infrastructure.kafka!;
  const [before, begun] = [threadCpuOf(pid, COMPILER_THREAD), performance.now()];
  await load();
  return ((threadCpuOf(pid, COMPILER_THREAD) - before) * 1_000) / (performance.now() - begun);
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
