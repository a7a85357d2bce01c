import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.js';
import { CostMeter } from '../measure/cost-meter.js';
import { loadRun } from './figures.js';
import { runLoad, startFiling, warmUpS } from './load-run.js';
import { registryAlone } from './registry-alone.js';
import type { Run, Scenario } from './scenario.js';

const STREAMS = 4;
const TARGET = { atLeast: 12_000 };

/** Filing as fast as the registry takes it, whether delivery keeps up or not. */
export const bulk: Scenario = async function* (bench) {
  const { quick, seconds = quick ? 5 : 15 } = bench.options;
  yield await registryAlone(bench, () => alone(bench, seconds));
  const run = loadRun(
    `filing for ${seconds} s, everything running`,
    await runLoad(bench, { rate: 0, seconds, streams: STREAMS }),
  );
  yield { ...run, figures: run.figures.map((figure, i) => (i === 0 ? { ...figure, target: TARGET } : figure)) };
};

async function alone(bench: Bench, seconds: number): Promise<Run> {
  const filing = startFiling(bench, { rate: 0, seconds, streams: STREAMS });
  const failed = filing.then(() => new Promise<never>(() => {}));
  failed.catch(() => {});
  const answered = async () => (await bench.generator.ask('progress', undefined)).answered;
  await Promise.race([delay(warmUpS(bench) * 1_000), failed]);
  const meter = new CostMeter(bench.watched());
  try {
    const [before, startedAt] = [await answered(), performance.now()];
    await Promise.race([delay(seconds * 1_000), failed]);
    const lines = (await answered()) - before;
    const value = (lines * 1_000) / (performance.now() - startedAt);
    const cost = { ...meter.read(lines), per: 'line' as const };
    await filing;
    return {
      title: `filing for ${seconds} s, registry and its relay alone`,
      figures: [{ what: 'lines filed', value, unit: '/s', target: TARGET }],
      cost,
    };
  } finally {
    meter.stop();
  }
}
