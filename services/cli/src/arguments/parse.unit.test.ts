import { expect, test } from 'vitest';
import {
  countArgument,
  dayOrInstantArgument,
  instantArgument,
  naturalArgument,
  spanArgument,
  subjectArgument,
} from './parse.js';

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

test('a time has a day that exists and an offset', () => {
  expect(instantArgument('2026-11-24T08:00:00+08:00')).toEqual(new Date('2026-11-24T00:00:00Z'));
  expect(instantArgument('2026-11-24T08:00Z')).toEqual(new Date('2026-11-24T08:00:00Z'));
  expect(instantArgument('2026-11-24T08:00:00.123456Z')).toEqual(new Date('2026-11-24T08:00:00.123Z'));
  const wrong = [
    '2026-11-24',
    '2026-11-24T08:00:00',
    '2026-02-30T08:00:00Z',
    '2026-11-24T25:00:00Z',
    'yesterday',
    '1764000000',
  ];
  for (const text of wrong) expect(() => instantArgument(text), text).toThrow();
});

test('a day is its first moment in UTC', () => {
  expect(dayOrInstantArgument('2026-11-24')).toEqual(new Date('2026-11-24T00:00:00Z'));
  expect(dayOrInstantArgument('2026-11-24T08:00+08:00')).toEqual(new Date('2026-11-24T00:00:00Z'));
  for (const text of ['2026-02-30', '2026-11', 'today']) expect(() => dayOrInstantArgument(text), text).toThrow();
});
