import { afterEach, expect, test, vi } from 'vitest';
import { createLogger } from './logger.js';
import { ReadinessChecks } from './readiness.js';

const silent = createLogger({ name: 'test', instance: 'test', level: 'silent' });

afterEach(() => void vi.useRealTimers());

test('a check that never answers is not ok, and holds nobody up', async () => {
  vi.useFakeTimers();
  const checks = new ReadinessChecks(silent);
  checks.register('hanging', () => new Promise(() => {}));
  const run = checks.run();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await run).toEqual({ hanging: { ok: false, detail: 'no answer within 2000 ms' } });
});

test('those who ask at once share one run', async () => {
  const checks = new ReadinessChecks(silent);
  let runs = 0;
  checks.register('counted', async () => ({ ok: true, detail: String(++runs) }));
  await Promise.all([checks.run(), checks.run(), checks.run()]);
  expect(runs).toBe(1);
  await checks.run();
  expect(runs).toBe(2);
});

test('two checks cannot have one name', () => {
  const checks = new ReadinessChecks(silent);
  checks.register('kafka', () => ({ ok: true, detail: '' }));
  expect(() => checks.register('kafka', () => ({ ok: true, detail: '' }))).toThrow('kafka');
});
