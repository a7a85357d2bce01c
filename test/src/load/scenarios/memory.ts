import { setTimeout as delay } from 'node:timers/promises';
import { SERVICES } from '@sluice/contracts';
import { usageOf } from '../measure/process-usage.js';
import { loadRun, MEMORY_TARGET, slope } from './figures.js';
import { runLoad } from './load-run.js';
import type { Figure, Scenario } from './scenario.js';

const RATE = 4_000;
const STREAMS = 4;
const SAMPLE_MS = 10_000;
/** Caches fill first; growth is judged after this share of the run. */
const SETTLED = 0.3;
/** Growth that a day would not turn into trouble is what the garbage collector happens to leave. */
const FLAT_MB_PER_MIN = 1;

/** Resident memory of each service over a long steady load. */
export const memory: Scenario = async function* (bench) {
  const { quick, rate = RATE, seconds = quick ? 60 : 600 } = bench.options;
  const series = new Map<string, [atS: number, mb: number][]>(SERVICES.map((name) => [name, []]));
  const watched = bench.watched().filter(({ name }) => series.has(name));
  const result = await runLoad(bench, { rate, seconds, streams: STREAMS }, async (endsAt) => {
    const startedAt = performance.now();
    while (performance.now() < endsAt) {
      for (const { name, pid } of watched) {
        series.get(name)!.push([(performance.now() - startedAt) / 1_000, usageOf(pid).residentMb]);
      }
      await delay(Math.max(0, Math.min(SAMPLE_MS, endsAt - performance.now())));
    }
  });
  const growths = [...series].map(([name, points]): Figure => {
    const settled = points.filter(([atS]) => atS >= seconds * SETTLED);
    return {
      what: `growth of ${name}`,
      value: slope(settled) * 60,
      unit: 'MB/min',
      target: { atMost: FLAT_MB_PER_MIN },
    };
  });
  const run = loadRun(`${rate} changes/s for ${seconds} s`, result, { memory: MEMORY_TARGET });
  yield {
    ...run,
    figures: [...run.figures, ...growths],
    details: { ...run.details, residentMb: Object.fromEntries(series) },
  };
};
