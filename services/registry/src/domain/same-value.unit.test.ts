import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sameValue } from './same-value.js';

/** The form in which two JSON values are the same text: members sorted by name. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('__proto__'));

test('two values are the same exactly when their canonical texts are', () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      expect(sameValue(a, b)).toBe(canonical(a) === canonical(b));
    }),
  );
});

test('a value is the same as itself after a way through JSON with its members in another order', () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(sameValue(value, JSON.parse(canonical(value)))).toBe(true);
    }),
  );
});

test.each([
  [{ a: 1 }, { a: 1, b: 2 }],
  [{ a: undefined }, { b: undefined }],
  [
    [1, 2],
    [2, 1],
  ],
  [[], {}],
  [null, {}],
  ['1', 1],
])('%j is not %j', (a, b) => {
  expect(sameValue(a, b)).toBe(false);
  expect(sameValue(b, a)).toBe(false);
});
