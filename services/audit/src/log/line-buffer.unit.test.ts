import { randomUUID } from 'node:crypto';
import { uuidBytes } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineBuffer } from './line-buffer.js';

const written = (write: (line: LineBuffer) => void): string => {
  const line = new LineBuffer(Buffer.alloc(100, '?'));
  write(line);
  return line.bytes.toString('latin1', 0, line.at);
};

test('numbers are what a template makes of them, up to the last exact one', () => {
  const edges = [0, 9, 10, 9_999_999, 10_000_000, 10_000_001, 1_700_000_000_000, Number.MAX_SAFE_INTEGER];
  for (const number of edges) expect(written((line) => line.putNumber(number))).toBe(`${number}`);
  fc.assert(
    fc.property(fc.maxSafeNat(), (number) => {
      expect(written((line) => line.putNumber(number))).toBe(`${number}`);
    }),
  );
});

test('a uuid is its text, and what follows comes right behind', () => {
  const uuid = randomUUID();
  const bytes = Buffer.concat([Buffer.from('before'), uuidBytes(uuid)]);
  const text = written((line) => {
    line.put(Buffer.from('grant '));
    line.putUuid(bytes, 6);
    line.put(Buffer.from('.'));
    line.putNumber(7);
  });
  expect(text).toBe(`grant ${uuid}.7`);
});
