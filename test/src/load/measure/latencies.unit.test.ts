import { expect, test } from 'vitest';
import { Latencies } from './latencies.js';

test('percentiles are the smallest latency that the share stays at or under', () => {
  const latencies = new Latencies();
  for (let ms = 100; ms >= 1; ms--) latencies.add(ms);
  expect(latencies.summary()).toEqual({ count: 100, p50: 50, p99: 99, max: 100 });
});

test('without any latency nothing is claimed', () => {
  expect(new Latencies().summary()).toEqual({ count: 0, p50: null, p99: null, max: null });
});
