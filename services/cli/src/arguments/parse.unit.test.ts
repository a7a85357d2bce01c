import { expect, test } from 'vitest';
import { countArgument, naturalArgument, spanArgument, subjectArgument } from './parse.js';

test('numbers are whole and written plainly', () => {
  expect(naturalArgument('0')).toBe(0);
  for (const text of ['', '-1', '1.5', '1e3', '0x10', ' 1', '9007199254740993', 'all']) {
    expect(() => naturalArgument(text), text).toThrow();
  }
  expect(() => countArgument('0')).toThrow();
});

test('a span has a unit', () => {
  expect(spanArgument('90s')).toBe(90_000);
  expect(spanArgument('7d')).toBe(604_800_000);
  for (const text of ['24', 'h', '1w', '-1h', '1.5h']) expect(() => spanArgument(text), text).toThrow();
});

test('a person’s id may be written in capitals', () => {
  expect(subjectArgument('0190A000-0000-7000-8000-000000000101')).toBe('0190a000-0000-7000-8000-000000000101');
  expect(() => subjectArgument('Lin Xiao')).toThrow();
});
