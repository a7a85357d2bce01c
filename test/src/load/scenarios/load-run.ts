import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.js';
import { type Cost, CostMeter } from '../measure/cost-meter.js';
import type { LatencySummary } from '../measure/latencies.js';
import { Arrivals, type LagSample } from './arrivals.js';

/** Run before anything is measured: compilers and caches. */
const WARM_UP_S = 5;
const WARM_UP_QUICK_S = 2;
/** The load goes on a little after the measured span, so that its end is not part of it. */
const MARGIN_S = 0.5;
/** Numbers of changes begin anywhere below this, so that each run files other values than the one before. */
const NUMBERS = 50_000_000;

export interface LoadPlan {
  /** Changes a second; 0 for as fast as they are taken. */
  rate: number;
  seconds: number;
  streams: number;
  /** Not more than so many changes on their way; 0 (default) for any number. */
  window?: number;
}

/** What the measured span gave. */
interface Span {
  /** Results of lines, and changes that reached every recipient, a second. */
  filedPerS: number;
  deliveredPerS: number;
  lag: LagSample[];
  /** Per change delivered. */
  cost: Cost;
}

export interface LoadResult extends Span {
  /** From the making of a line to the handler of a recipient; every delivery of every recipient counts. */
  latency: LatencySummary;
  /** From the last line's result to all having arrived. */
  drainS: number;
  changes: number;
  bytesPerLine: number;
  mostOverdue: number;
  faults: string[];
}

/**
 * Loads the system and waits until every recipient has every change, which is checked: a rate with losses is no rate.
 * `alongside` runs during the measured span, which ends at the time (of `performance.now()`) it is given.
 */
export async function runLoad(
  bench: Bench,
  plan: LoadPlan,
  alongside: (endsAt: number) => Promise<void> = async () => {},
): Promise<LoadResult> {
  await bench.settle();
  const { recipients } = bench;
  const arrivals = await Arrivals.begin(bench);
  const over = new AbortController();
  const filing = startFiling(bench, plan);
  const failed = filing.then(() => new Promise<never>(() => {}));
  failed.catch(() => {});
  try {
    if (plan.window) arrivals.tell(over.signal).catch(() => {}); // it fails with the filing
    await Promise.race([delay(warmUpS(bench) * 1_000), failed]);
    const from = Date.now();
    await recipients.ask('measure', { from, to: from + plan.seconds * 1_000 });
    const span = await measureSpan(bench, arrivals, plan.seconds, alongside, failed);
    const { sent, bytes, mostOverdue } = await filing;
    const lastLineAt = performance.now();
    await arrivals.reached(sent);
    const drainS = (performance.now() - lastLineAt) / 1_000;
    await arrivals.exactly(sent);
    return {
      ...span,
      latency: await recipients.ask('latency', undefined),
      drainS,
      changes: sent,
      bytesPerLine: bytes / sent,
      mostOverdue,
      faults: await recipients.ask('faults', undefined),
    };
  } finally {
    over.abort();
  }
}

/** Filing as planned, with the time for warming up before it. */
export function startFiling(bench: Bench, plan: LoadPlan) {
  const { generator, population, access } = bench;
  return generator.ask('file', {
    registryUrl: access.urls.registry,
    token: population.agencies[0]!.token,
    subjects: population.subjects,
    firstNumber: randomInt(NUMBERS),
    window: 0,
    ...plan,
    seconds: warmUpS(bench) + plan.seconds + MARGIN_S,
  });
}

export function warmUpS({ options }: Bench): number {
  return options.quick ? WARM_UP_QUICK_S : WARM_UP_S;
}

async function measureSpan(
  bench: Bench,
  arrivals: Arrivals,
  seconds: number,
  alongside: (endsAt: number) => Promise<void>,
  failed: Promise<never>,
): Promise<Span> {
  const meter = new CostMeter(bench.watched());
  try {
    const startedAt = performance.now();
    const endsAt = startedAt + seconds * 1_000;
    const atStart = await progress(bench, arrivals);
    const work = Promise.all([arrivals.sampleLag(startedAt, endsAt), alongside(endsAt)]);
    const [lag] = await Promise.race([work, failed]);
    const atEnd = await progress(bench, arrivals);
    const spanS = (atEnd.at - atStart.at) / 1_000;
    return {
      filedPerS: (atEnd.answered - atStart.answered) / spanS,
      deliveredPerS: (atEnd.arrived - atStart.arrived) / spanS,
      lag,
      cost: meter.read(atEnd.arrived - atStart.arrived),
    };
  } finally {
    meter.stop();
  }
}

async function progress({ generator }: Bench, arrivals: Arrivals) {
  const [{ answered }, arrived] = await Promise.all([generator.ask('progress', undefined), arrivals.count()]);
  return { at: performance.now(), answered, arrived };
}
