import { readHistory } from '@sluice/contracts';
import type { Bench } from '../bench.js';
import { fillHistories, RECIPIENTS, subjectOf } from './history-rows.js';
import type { Figure, Scenario } from './scenario.js';

const ROWS = 5_000_000;
const ROWS_QUICK = 100_000;
const PAGES = 2_000;
const PAGES_QUICK = 300;
const PAGE_MS = 20;
const DEEP = '2025-02-01T00:00:00.000Z';

/** Pages of histories, each with the durable record that somebody read it. */
export const history: Scenario = async function* (bench) {
  const { quick, rows = quick ? ROWS_QUICK : ROWS } = bench.options;
  await bench.settle();
  bench.say(`History: filling ${rows} rows`);
  const persons = await fillHistories(bench.stack.postgresUrl, rows);
  const pages = quick ? PAGES_QUICK : PAGES;
  const read = (query: Record<string, string | number>) => pagesOf(bench, persons, pages, query);
  await read({ limit: 50 });
  yield {
    title: `${rows} rows of ${persons} persons, ${pages} pages of 50 entries each`,
    figures: [
      ...figures('the newest page', await read({ limit: 50 }), PAGE_MS),
      ...figures('a page far back', await read({ limit: 50, to: DEEP }), PAGE_MS),
      ...figures('of one recipient', await read({ limit: 50, agency: RECIPIENTS[1] }), PAGE_MS),
      ...figures('a word that is nowhere', await read({ limit: 50, q: 'nowhere' })),
    ],
  };
};

/** The time of each, ms, one after the other. */
async function pagesOf(
  { api, access }: Bench,
  persons: number,
  pages: number,
  query: Record<string, string | number>,
): Promise<number[]> {
  const token = await access.tokenFor('ada');
  const times: number[] = [];
  for (let page = 0; page < pages; page++) {
    const params = { subject: subjectOf(Math.floor(Math.random() * persons)) };
    const begun = performance.now();
    await api.call(readHistory, { token, params, query });
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}

function figures(what: string, times: readonly number[], atMost?: number): Figure[] {
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? null;
  return [
    { what: `${what}, p50`, value: at(0.5), unit: 'ms' },
    { what: `${what}, p99`, value: at(0.99), unit: 'ms', ...(atMost !== undefined && { target: { atMost } }) },
  ];
}
