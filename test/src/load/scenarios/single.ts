import { randomInt } from 'node:crypto';
import { readProfile } from '@sluice/contracts';
import type { Bench } from '../bench.js';
import type { Changer } from '../generator/patch-callers.js';
import { CostMeter } from '../measure/cost-meter.js';
import { personToken } from '../population/persons.js';
import { inParallel } from '../population/pool.js';
import { warmUpS } from './load-run.js';
import { registryAlone } from './registry-alone.js';
import type { Run, Scenario } from './scenario.js';

const CALLERS = 32;
const PERSONS_PER_CALLER = 8;
/** As in `load-run`. */
const NUMBERS = 50_000_000;

/** Persons who change their own data, one HTTP request a change. */
export const single: Scenario = async function* (bench) {
  yield await registryAlone(bench, () => patched(bench, 'registry and its relay alone'));
  await bench.settle();
  yield await patched(bench, 'everything running');
};

async function patched(bench: Bench, beside: string): Promise<Run> {
  const { generator, access, options } = bench;
  const { quick, seconds = quick ? 5 : 15 } = options;
  const plan = { registryUrl: access.urls.registry, callers: CALLERS };
  const patch = (changers: Changer[], forS: number) =>
    generator.ask('patch', { ...plan, changers, seconds: forS, firstNumber: randomInt(NUMBERS) });

  await patch(await changersOf(bench), warmUpS(bench));
  const changers = await changersOf(bench);
  const meter = new CostMeter(bench.watched());
  try {
    const { latency, seconds: took } = await patch(changers, seconds);
    return {
      title: `single changes for ${seconds} s, ${CALLERS} callers, ${beside}`,
      figures: [
        { what: 'requests', value: latency.count / took, unit: '/s', target: { atLeast: 2_000 } },
        { what: 'latency p50', value: latency.p50, unit: 'ms' },
        { what: 'latency p99', value: latency.p99, unit: 'ms' },
        { what: 'latency max', value: latency.max, unit: 'ms' },
      ],
      cost: { ...meter.read(latency.count), per: 'request' },
    };
  } finally {
    meter.stop();
  }
}

/** Persons at the present version of their profile. */
async function changersOf({ population, access, api }: Bench): Promise<Changer[]> {
  const subjects = population.subjects.slice(0, CALLERS * PERSONS_PER_CALLER);
  const changers: Changer[] = new Array(subjects.length);
  await inParallel(subjects.length, CALLERS, async (i) => {
    const subject = subjects[i]!;
    const token = await personToken(subject, access);
    const { body } = await api.call(readProfile, { token, params: { subject } });
    changers[i] = { subject, token, version: body.version };
  });
  return changers;
}
