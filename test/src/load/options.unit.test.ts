import { expect, test } from 'vitest';
import { type BenchOptions, readOptions } from './options.js';

const read = (...args: string[]) => readOptions(args) as BenchOptions;

test('everything but the ten minutes of memory runs unless told otherwise', () => {
  expect(read().only).not.toContain('memory');
  expect(read('--only', 'memory').only).toEqual(['memory']);
});

test('scenarios run in their own order, whatever the order they are asked in', () => {
  expect(read('--only', 'single,raw').only).toEqual(['raw', 'single']);
});

test('a mistake is a sentence that says what there is', () => {
  expect(() => read('--only', 'fast')).toThrow(/"fast" is none of raw, quiet/);
  expect(() => read('--persons', '-3')).toThrow();
  expect(() => read('--rate=0')).toThrow('--rate takes a whole number above 0, not "0"');
});
