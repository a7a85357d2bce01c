import { withdrawGrant } from '@sluice/contracts';
import type { Bench } from '../bench.js';
import { Latencies } from '../measure/latencies.js';
import { addPersons, type Person } from '../population/persons.js';
import { loadRun } from './figures.js';
import { runLoad } from './load-run.js';
import type { Figure, Scenario } from './scenario.js';

const WITHDRAWALS = 300;
const WITHDRAWALS_QUICK = 50;
const RATE = 4_000;
const STREAMS = 4;
/** Longer than any withdrawal should take, so that slow ones are measured too. */
const WAIT_S = 10;

/** From the call to the receipt in hand, one withdrawal after the other: at rest, then under load. */
export const withdrawal: Scenario = async function* (bench) {
  const { quick, seconds = quick ? 10 : 40 } = bench.options;
  const count = quick ? WITHDRAWALS_QUICK : WITHDRAWALS;
  const persons = await withGrants(bench, 2 * count);

  const atRest = new Latencies();
  for (const person of persons.slice(0, count)) atRest.add(await withdraw(bench, person));
  yield { title: `${count} withdrawals at rest`, figures: figuresOf(atRest, { atMost: 100 }) };

  const underLoad = new Latencies();
  const load = await runLoad(bench, { rate: RATE, seconds, streams: STREAMS }, async (endsAt) => {
    for (const person of persons.slice(count)) {
      if (performance.now() > endsAt) return;
      underLoad.add(await withdraw(bench, person));
    }
  });
  const run = loadRun(`withdrawals at ${RATE} changes/s`, load);
  yield { ...run, figures: [...figuresOf(underLoad, { atMost: 500 }), ...run.figures] };
};

/** Persons of their own: those of the load keep their grants, so that its fan-out stays what it is. */
async function withGrants(bench: Bench, count: number): Promise<Person[]> {
  const { population, access, api } = bench;
  const persons = await addPersons(count, population.agencies.slice(0, 1), access, api);
  await bench.settle();
  return persons;
}

/** Milliseconds until it was effective. */
async function withdraw({ api }: Bench, { token, grants: [grant] }: Person): Promise<number> {
  const began = performance.now();
  const { body } = await api.call(withdrawGrant, { token, params: { grant: grant! }, body: {}, waitS: WAIT_S });
  const tookMs = performance.now() - began;
  if (body.effect !== 'effective') throw new Error(`a withdrawal was not effective after ${WAIT_S} s`);
  return tookMs;
}

function figuresOf(latencies: Latencies, target: { atMost: number }): Figure[] {
  const { count, p50, p99, max } = latencies.summary();
  return [
    { what: 'withdrawals', value: count, unit: '' },
    { what: 'effective p50', value: p50, unit: 'ms' },
    { what: 'effective p99', value: p99, unit: 'ms', target },
    { what: 'effective max', value: max, unit: 'ms' },
  ];
}
