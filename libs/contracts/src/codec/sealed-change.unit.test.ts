import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { CHANGE_KIND, decodeSealedChange, encodeSealedChange } from './sealed-change.js';

test.each([
  { kind: CHANGE_KIND.changed },
  { kind: CHANGE_KIND.snapshot, answers: { grant: randomUUID(), grantVersion: 7 } },
])('a sealed change survives encoding: %o', (part) => {
  const change = {
    assurance: 2 as const,
    actor: 'agency:harbour-bank',
    attributes: 0x8000_0001,
    version: 12,
    sealed: Buffer.alloc(40, 7),
    ...part,
  };
  expect(decodeSealedChange(encodeSealedChange(change))).toEqual(change);
});

test('other bytes are refused', () => {
  expect(() => decodeSealedChange(Buffer.from('{"not":"sealed"}'))).toThrow(RangeError);
});
