import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Bench } from '../bench.js';
import { startFiling } from './load-run.js';
import { logLimits } from './log-limits.js';
import { logReceipts } from './log-receipts.js';
import type { Figure, Scenario } from './scenario.js';

const STREAMS = 4;
const LOOK_MS = 20;
/** In the log and not growing for so long: all is in. */
const QUIET_MS = 2_000;

/** The verifiable log: how fast it takes in, how fast it is verified, and what a receipt takes. */
export const log: Scenario = async function* (bench) {
  const { quick, seconds = quick ? 4 : 15 } = bench.options;
  yield { title: `the library alone, ${seconds} s`, figures: await logLimits(bench, seconds) };
  yield {
    title: `the service, from a backlog of ${seconds} s of filing`,
    figures: [await fromBacklog(bench, seconds)],
  };
  await bench.settle();
  yield { title: 'receipts of deliveries', figures: await logReceipts(bench) };
};

/**
 * Audit stands still while changes are filed, and then takes them in, histories and all. Delivery is away: what is
 * measured is the log, not what else the machine could do. Audit is paused and not stopped, or its compiler would be
 * measured.
 */
async function fromBacklog(bench: Bench, seconds: number): Promise<Figure> {
  await bench.settle();
  const { stack } = bench;
  await stack.service('delivery').stop();
  stack.service('audit').pause();
  try {
    await startFiling(bench, { rate: 0, seconds, streams: STREAMS });
  } finally {
    stack.service('audit').resume();
  }
  const value = await leavesPerS(stack.postgresUrl);
  await bench.startServices(['delivery']);
  return { what: 'leaves into the log, durable', value, unit: '/s', target: { atLeast: 20_000 } };
}

/** From the first batch that is in to the last. */
async function leavesPerS(connectionString: string): Promise<number> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const sizeNow = async () => {
      const { rows } = await client.query<{ size: string }>('select size from audit.log_head');
      return { size: Number(rows[0]!.size), at: performance.now() };
    };
    const begun = await sizeNow();
    let first: typeof begun | undefined;
    for (let last = begun; ; ) {
      await delay(LOOK_MS);
      const now = await sizeNow();
      if (now.size > last.size) {
        // The first batch took an unknown time: what comes after it is measured.
        first ??= now;
        last = now;
      } else if (first !== undefined && now.at - last.at > QUIET_MS) {
        return ((last.size - first.size) * 1_000) / (last.at - first.at);
      }
    }
  } finally {
    await client.end();
  }
}
