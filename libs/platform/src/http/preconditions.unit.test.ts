import { expect, test } from 'vitest';
import { etagOf, isIdempotencyKey, preferWaitMs, versionOfEtag } from './preconditions.js';

test.each([
  [undefined, 2_000],
  ['', 2_000],
  ['wait=3', 3_000],
  ['Wait = 1', 1_000],
  ['wait="2"', 2_000],
  ['respond-async, wait=4', 4_000],
  ['respond-async; wait=4', 4_000],
  ['wait=0', 0],
  ['wait=86400', 5_000],
  ['wait=99999999999999999999', 2_000],
  ['wait=-1', 2_000],
  ['wait=1.5', 2_000],
  ['await=1', 2_000],
])('Prefer: %s waits %d ms', (prefer, waitMs) => {
  expect(preferWaitMs(prefer)).toBe(waitMs);
});

test('a version goes into an entity tag and back', () => {
  for (const version of [0, 1, 42, 2_147_483_647]) expect(versionOfEtag(etagOf(version))).toBe(version);
});

test.each(['*', 'W/"1"', '1', '"1', '"01"', '"1.0"', '"1", "2"', '""', '"99999999999"'])(
  '%s names no one version',
  (tag) => {
    expect(versionOfEtag(tag)).toBe('malformed');
  },
);

test('an idempotency key is short and visible', () => {
  for (const key of ['a', 'x'.repeat(128), '"0190a000-0000-7000-8000-000000000001"'])
    expect(isIdempotencyKey(key)).toBe(true);
  for (const key of ['', 'x'.repeat(129), 'two words', 'ключ', 'a\n']) expect(isIdempotencyKey(key)).toBe(false);
});
