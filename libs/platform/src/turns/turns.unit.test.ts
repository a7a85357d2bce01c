import { expect, test } from 'vitest';
import { Turns } from './turns.js';

test('no more than a few work at once, in the order they came, also when some fail', async () => {
  const turns = new Turns(2);
  const order: number[] = [];
  let atOnce = 0;
  let most = 0;
  const work = (number: number) =>
    turns.take(async () => {
      order.push(number);
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      if (number % 3 === 0) throw new Error('failed');
      return number;
    });
  const results = await Promise.allSettled(Array.from({ length: 9 }, (_, number) => work(number)));
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(most).toBe(2);
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(3);
  expect(await work(1)).toBe(1);
});

test('who waits for a larger share goes before a later one whose share would fit', async () => {
  const turns = new Turns(10);
  const begun: string[] = [];
  const end = new Map<string, () => void>();
  const work = (name: string, share: number) =>
    turns.take(() => {
      begun.push(name);
      return new Promise<void>((resolve) => end.set(name, resolve));
    }, share);
  const all = [work('a', 6), work('b', 6), work('c', 4)];
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual(['a']);
  end.get('a')!();
  await all[0];
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual(['a', 'b', 'c']);
  for (const name of ['b', 'c']) end.get(name)!();
  await Promise.all(all);
});
