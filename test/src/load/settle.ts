import { isDeepStrictEqual } from 'node:util';
import { listPartitions, readFeed } from '@sluice/contracts';
import type { ApiClient } from '../support/api-client.js';
import type { StackAccess } from '../support/running-stack.js';
import { until } from '../support/until.js';
import type { Population } from './population/population.js';
import type { RecipientsHandlers } from './recipients/process.js';
import type { Worker } from './workers/worker.js';

const TIMEOUT_MS = 300_000;
const PAUSE_MS = 250;
/** So many looks one after the other must show the same: what is between two services is seen by neither. */
const LOOKS = 4;

/** What is looked at. */
export interface Watch {
  access: StackAccess;
  api: ApiClient;
  population: Population;
  recipients: Worker<RecipientsHandlers>;
}

/** Waits until delivery and audit have read all, every recipient has all of its feed, and no feed grows. */
export async function settle(watch: Watch): Promise<void> {
  const operator = await watch.access.tokenFor('otto');
  let before: number[][] | undefined;
  let same = 0;
  await until(
    'everything under way has arrived',
    async () => {
      const feeds = await lastSequences(watch, operator);
      const quiet =
        isDeepStrictEqual(feeds, await watch.recipients.ask('sequences', undefined)) &&
        (await deliveryLag(watch, operator)) === 0 &&
        (await auditLag(watch)) === 0;
      same = quiet && isDeepStrictEqual(feeds, before) ? same + 1 : 0;
      before = feeds;
      if (same >= LOOKS) return true;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      return undefined;
    },
    TIMEOUT_MS,
  );
}

async function lastSequences({ api, population }: Watch, token: string): Promise<number[][]> {
  return Promise.all(
    population.agencies.map(async ({ plan }) => {
      const { body } = await api.call(readFeed, { token, params: { agency: plan.code } });
      return body.lanes.sort((a, b) => a.lane - b.lane).map(({ lastSequence }) => lastSequence);
    }),
  );
}

async function deliveryLag({ api }: Watch, token: string): Promise<number> {
  const { body } = await api.call(listPartitions, { token });
  return body.partitions.reduce((sum, { lag = Number.POSITIVE_INFINITY }) => sum + lag, 0);
}

async function auditLag({ access }: Watch): Promise<number> {
  const response = await fetch(`${access.urls.audit}/metrics`);
  const lags = (await response.text()).matchAll(/^sluice_audit_lag_records\{[^}]*\} (\d+)$/gm);
  return [...lags].reduce((sum, [, lag]) => sum + Number(lag), 0);
}
