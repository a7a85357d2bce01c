import { type CheckpointFigures, followCheckpoints } from '../measure/checkpoint-ages.js';
import { loadRun, MEMORY_TARGET } from './figures.js';
import { runLoad } from './load-run.js';
import type { Figure, Scenario } from './scenario.js';

const STREAMS = 4;
/** A rate is reached at this share of it: the span's ends cut lines that are under way. */
const REACHED = 0.99;
/** A lag that grows by less than this share of the rate would take minutes to show in the latency. */
const STANDS_STILL = 0.005;

/** The rate that must be held. */
const RATE = 10_000;

/** Holds it, and follows the log's checkpoints meanwhile. */
export const sustained: Scenario = async function* (bench) {
  const { quick, rate = RATE, seconds = quick ? 10 : 60 } = bench.options;
  const { internal, admin } = bench.stack.kafka;
  const kafka = { brokers: internal, clientId: 'bench', ...admin };
  let following: Promise<CheckpointFigures> | undefined;
  const result = await runLoad(bench, { rate, seconds, streams: STREAMS }, async (endsAt) => {
    // It goes on after the span, for what is not in the log yet; a failure is told below.
    following = followCheckpoints(kafka, endsAt);
    following.catch(() => {});
  });
  const run = loadRun(`${rate} changes/s for ${seconds} s`, result, {
    delivered: { atLeast: rate * REACHED },
    p99: { atMost: 200 },
    growth: { atMost: rate * STANDS_STILL },
    memory: MEMORY_TARGET,
  });
  yield { ...run, figures: [...run.figures, ...checkpointFigures((await following)!)] };
};

function checkpointFigures({ age, recorded }: CheckpointFigures): Figure[] {
  return [
    { what: 'age of the log’s checkpoint p50', value: age.p50, unit: 'ms' },
    { what: 'age of the log’s checkpoint p99', value: age.p99, unit: 'ms', target: { atMost: 1_500 } },
    { what: 'from a record to the checkpoint that has it p50', value: recorded.p50, unit: 'ms' },
    { what: 'from a record to the checkpoint that has it p99', value: recorded.p99, unit: 'ms' },
  ];
}

const WINDOW = 10_000;

/** As fast as it goes from end to end: a window keeps the filing from running away from the deliveries. */
export const saturation: Scenario = async function* (bench) {
  const { quick, seconds = quick ? 8 : 30 } = bench.options;
  const result = await runLoad(bench, { rate: 0, seconds, streams: STREAMS, window: WINDOW });
  yield loadRun(`as fast as it goes for ${seconds} s, at most ${WINDOW} changes on their way`, result, {
    delivered: { atLeast: 12_000 },
    memory: MEMORY_TARGET,
  });
};

const QUIET_RATE = 500;
const QUIET_STREAMS = 2;

export const quiet: Scenario = async function* (bench) {
  const { quick, seconds = quick ? 8 : 30 } = bench.options;
  const result = await runLoad(bench, { rate: QUIET_RATE, seconds, streams: QUIET_STREAMS });
  yield loadRun(`${QUIET_RATE} changes/s for ${seconds} s`, result, {
    delivered: { atLeast: QUIET_RATE * REACHED },
    p50: { atMost: 25 },
    p99: { atMost: 50 },
  });
};
