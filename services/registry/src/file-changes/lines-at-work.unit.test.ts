import { expect, test } from 'vitest';
import { LinesAtWork } from './lines-at-work.js';

/** Work that goes on until it is told to end. */
function work(atWork: LinesAtWork, name: string, lines: number, begun: string[]) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const done = atWork.run(lines, () => {
    begun.push(name);
    return promise;
  });
  return { done, end: () => resolve(name), fail: () => reject(new Error(name)) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('no more lines are at work than may be; who came first goes first, also before a smaller one that would fit', async () => {
  const atWork = new LinesAtWork(10);
  const begun: string[] = [];
  const a = work(atWork, 'a', 6, begun);
  const b = work(atWork, 'b', 6, begun);
  const c = work(atWork, 'c', 4, begun);
  await turn();
  expect(begun).toEqual(['a']);
  a.end();
  expect(await a.done).toBe('a');
  await turn();
  expect(begun).toEqual(['a', 'b', 'c']);
  b.end();
  c.end();
  await Promise.all([b.done, c.done]);
});

test('work that fails makes room as well', async () => {
  const atWork = new LinesAtWork(10);
  const begun: string[] = [];
  const a = work(atWork, 'a', 10, begun);
  const b = work(atWork, 'b', 10, begun);
  a.fail();
  await expect(a.done).rejects.toThrow('a');
  b.end();
  expect(await b.done).toBe('b');
  expect(begun).toEqual(['a', 'b']);
});
