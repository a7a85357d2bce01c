import { expect, test } from 'vitest';
import { murmur2, partitionOf } from './partition.js';

// Vectors of Kafka's own UtilsTest.testMurmur2.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
])('murmur2 of %s is Kafka’s', (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

test('a partition is in range', () => {
  for (let i = 0; i < 1000; i++) {
    const p = partitionOf(Buffer.from(`key-${i}`), 6);
    expect(p).toBeGreaterThanOrEqual(0);
    expect(p).toBeLessThan(6);
  }
});
