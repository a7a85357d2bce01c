import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlindIndex } from './blind-index.js';

const index = new BlindIndex(createSecretKey(Buffer.alloc(32, 1)));

describe('BlindIndex', () => {
  it('matches equal values of one kind and nothing else, wherever kind ends and value begins', () => {
    const pairs = fc.tuple(fc.string(), fc.string());
    fc.assert(
      fc.property(pairs, pairs, ([kind, value], [otherKind, otherValue]) => {
        const same = kind === otherKind && value === otherValue;
        expect(index.of(kind, value).equals(index.of(otherKind, otherValue))).toBe(same);
      }),
    );
    expect(index.of('ab', 'c')).not.toEqual(index.of('a', 'bc'));
  });

  it('is 32 bytes and depends on the secret', () => {
    const other = new BlindIndex(createSecretKey(Buffer.alloc(32, 2)));
    expect(index.of('identity-number', 'x')).toHaveLength(32);
    expect(other.of('identity-number', 'x')).not.toEqual(index.of('identity-number', 'x'));
  });
});
