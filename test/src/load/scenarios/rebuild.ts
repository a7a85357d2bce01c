import { setTimeout as delay } from 'node:timers/promises';
import { REBUILD_ENDPOINTS, type RebuildView } from '@sluice/contracts';
import { ApiClient } from '../../support/api-client.js';
import type { Bench } from '../bench.js';
import { usageOf, usageOfTree } from '../measure/process-usage.js';
import { profiled } from '../profile/record.js';
import { RebuildDatabase } from './rebuild-database.js';
import { type Scenario, SERVICE_LIMIT_MB } from './scenario.js';

const EVENTS = 5_000_000;
const EVENTS_QUICK = 200_000;
const EVENTS_A_SECOND = 50_000;
const LOOK_EVERY_MS = 100;
const INSTANCE = 'consent-rebuild';

interface Measured {
  rebuild: RebuildView;
  fillingS: number;
  comparingS: number;
  cpuS: number;
  databaseCpuS: number;
  residentMb: number;
}

/** The read model of grants again from its events, by a service that does nothing else. */
export const rebuild: Scenario = async function* (bench) {
  const { quick, events = quick ? EVENTS_QUICK : EVENTS } = bench.options;
  const { stack } = bench;
  await bench.settle();
  // One of the two at a time: they share their consumer groups.
  await stack.service('consent').stop();
  bench.say(`Rebuild: making ${events} events in a database of their own`);
  const database = await RebuildDatabase.create(stack.postgresUrl, events);
  try {
    const { profileDir } = bench.options;
    await stack.startService('consent', {
      instance: INSTANCE,
      env: { SLUICE_DATABASE_URL: database.url, ...(profileDir ? profiled(profileDir, INSTANCE) : {}) },
    });
    const { rebuild, fillingS, comparingS, cpuS, databaseCpuS, residentMb } = await measured(bench);
    const { altered, missing, added } = rebuild.differences;
    yield {
      title: `consent.grant_record, ${database.events} events of ${database.grants} grants`,
      figures: [
        {
          what: 'events folded',
          value: rebuild.progress.events / fillingS,
          unit: '/s',
          target: { atLeast: EVENTS_A_SECOND },
        },
        { what: 'rows compared', value: database.grants / comparingS, unit: '/s' },
        { what: 'in all', value: fillingS + comparingS, unit: 's' },
        { what: 'CPU of the service', value: (cpuS * 1e6) / rebuild.progress.events, unit: 'us an event' },
        { what: 'CPU of PostgreSQL', value: (databaseCpuS * 1e6) / rebuild.progress.events, unit: 'us an event' },
        { what: 'the service at most', value: residentMb, unit: 'MB', target: { atMost: SERVICE_LIMIT_MB } },
        { what: 'rows that differ', value: altered + missing + added, unit: '', target: { atMost: 0 } },
      ],
      details: { events: database.events, grants: database.grants, fillingS, comparingS },
    };
    await stack.service(INSTANCE).stop();
  } finally {
    if (stack.service('consent').isRunning === false) await bench.startServices(['consent']);
    await database.drop(stack.postgresUrl);
  }
};

async function measured({ stack }: Bench): Promise<Measured> {
  const { plan, move, read } = REBUILD_ENDPOINTS.consent;
  const { url, pid } = stack.service(INSTANCE);
  const api = new ApiClient({ ...stack.urls, consent: url });
  const token = await stack.tokenFor('otto');
  const { body } = await api.call(plan, { token, body: { readModel: 'grant_record', rate: 0 } });
  const params = { rebuild: body.rebuild };
  const postgres = stack.infrastructure.postgres!.pid;
  const cpuBefore = usageOf(pid).cpuS;
  const databaseBefore = usageOfTree(postgres).cpuS;
  const startedAt = performance.now();
  await api.call(move, { token, params, body: { move: 'run' } });
  let filledAt: number | undefined;
  let residentMb = 0;
  for (;;) {
    await delay(LOOK_EVERY_MS);
    const { body: seen } = await api.call(read, { token, params });
    residentMb = Math.max(residentMb, usageOf(pid).residentMb);
    if (seen.phase === 'comparing' || seen.state === 'done') filledAt ??= performance.now();
    if (seen.state === 'running') continue;
    if (seen.state !== 'done') throw new Error(`the rebuild ended as ${seen.state}: ${seen.failure ?? ''}`);
    const endedAt = performance.now();
    return {
      rebuild: seen,
      fillingS: (filledAt! - startedAt) / 1_000,
      comparingS: Math.max(LOOK_EVERY_MS, endedAt - filledAt!) / 1_000,
      cpuS: usageOf(pid).cpuS - cpuBefore,
      databaseCpuS: usageOfTree(postgres).cpuS - databaseBefore,
      residentMb,
    };
  }
}
