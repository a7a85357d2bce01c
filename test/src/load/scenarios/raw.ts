import { rawKafka } from './raw-kafka.js';
import { rawPostgres } from './raw-postgres.js';
import type { Scenario } from './scenario.js';

/** What this machine can do without any of the work: the other figures are to be read beside these. */
export const raw: Scenario = async function* (bench) {
  const { quick, seconds = quick ? 3 : 10 } = bench.options;
  yield {
    title: `the machine's limits, ${seconds} s each`,
    figures: [await rawPostgres(bench, seconds), ...(await rawKafka(bench, seconds))],
  };
};
