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
  bench.say(`Running in: ${RATE} changes/s for ${seconds} s`);
  await runLoad(bench, { rate: RATE, seconds, streams: STREAMS });
}
