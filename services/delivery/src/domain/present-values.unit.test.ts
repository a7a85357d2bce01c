import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PresentValues } from './present-values.js';

const ANN = '0190a000-0000-7000-8000-000000000001';
const BOB = '0190a000-0000-7000-8000-000000000002';

test('each attribute is held by the last event that set it, whatever came before', () => {
  const change = fc.record({ subject: fc.constantFrom(ANN, BOB), attributes: fc.integer({ min: 1, max: 15 }) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const present = new PresentValues([ANN, BOB]);
      const last = new Map<string, number>();
      const versions = { [ANN]: 0, [BOB]: 0 };
      for (const [offset, { subject, attributes }] of changes.entries()) {
        versions[subject]! += 1;
        present.changed(subject, versions[subject]!, BigInt(offset), attributes);
        for (const bit of [1, 2, 4, 8]) if (attributes & bit) last.set(`${subject} ${bit}`, offset);
      }
      for (const [offset, { subject }] of changes.entries()) {
        const held = [1, 2, 4, 8].filter((bit) => last.get(`${subject} ${bit}`) === offset);
        expect(present.at(subject, BigInt(offset))).toBe(held.reduce((set, bit) => set | bit, 0));
      }
    }),
  );
});

test('what a relay publishes twice does not bring back what was overtaken', () => {
  const present = new PresentValues([ANN]);
  present.changed(ANN, 1, 0n, 1);
  present.changed(ANN, 2, 1n, 1);
  present.changed(ANN, 1, 2n, 1);
  expect([0n, 1n, 2n].map((offset) => present.at(ANN, offset))).toEqual([0, 1, 0]);
});

test('of persons that nobody asked for it keeps no account', () => {
  const present = new PresentValues([ANN]);
  present.changed(BOB, 1, 0n, 1);
  expect(present.at(BOB, 0n)).toBe(0);
});
