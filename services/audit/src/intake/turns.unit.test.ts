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
