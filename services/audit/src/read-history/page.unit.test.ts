import type { HistoryEntry } from '@sluice/contracts';
import { expect, test } from 'vitest';
import type { HistoryLine } from '../domain/history-lines.js';
import { MAX_ROWS_A_PAGE, pageOf } from './page.js';

function line(at: number, index: number): HistoryLine {
  const entry: HistoryEntry = {
    id: '',
    at: '',
    kind: index === 0 ? 'changed' : 'delivered',
    actor: '',
    attributes: [],
  };
  return { at, ref: BigInt(at), index, entry };
}

async function* rows(count: number): AsyncGenerator<HistoryLine[]> {
  for (let at = count; at > 0; at--) yield [line(at, 1), line(at, 0)];
}

test('a page may end within a row', async () => {
  const { lines, next } = await pageOf(rows(3), () => true, 3);
  expect(lines.map(({ at, index }) => [at, index])).toEqual([
    [3, 1],
    [3, 0],
    [2, 1],
  ]);
  expect(next).toMatchObject({ at: 2, ref: 2n, index: 1 });
});

test('the last page has no next, also when it is full', async () => {
  expect(await pageOf(rows(2), () => true, 4)).not.toHaveProperty('next');
  expect(await pageOf(rows(0), () => true, 4)).toEqual({ lines: [] });
});

test('a filter that lets little pass costs one page no more than its share', async () => {
  const page = await pageOf(rows(MAX_ROWS_A_PAGE + 10), ({ at }) => at === 5, 50);
  expect(page).toMatchObject({ lines: [], next: { at: 11, index: 0 } });
});
