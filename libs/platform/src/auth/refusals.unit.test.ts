import type { FastifyRequest } from 'fastify';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '../observe/logger.js';
import { Metrics } from '../observe/metrics.js';
import { traceContextFrom } from '../observe/trace-context.js';
import { type RecordedRefusal, Refusals } from './refusals.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function refusalsOf(recorded: RecordedRefusal[]): Refusals {
  const refusals = new Refusals(createLogger({ name: 'test', instance: 'test', level: 'silent' }), new Metrics());
  refusals.recordWith({ record: (refusal) => void recorded.push(refusal) });
  return refusals;
}

function requestOf(agency: string | undefined): FastifyRequest {
  const principal = agency === undefined ? undefined : { kind: 'agency' as const, id: agency, agency };
  return {
    id: 'request',
    state: { trace: traceContextFrom({}), startedAt: 0, principal },
  } as unknown as FastifyRequest;
}

test('a flood of refusals becomes a trickle of records that says what it left out', async () => {
  const recorded: RecordedRefusal[] = [];
  const refusals = refusalsOf(recorded);
  for (let i = 0; i < 5_000; i++) refusals.note('token-missing', requestOf(undefined));
  refusals.note('not-allowed', requestOf('beacon-credit'));
  await vi.advanceTimersByTimeAsync(0);
  expect(recorded.map(({ actor }) => actor)).toEqual([...Array<string>(10).fill('anonymous'), 'agency:beacon-credit']);

  await vi.advanceTimersByTimeAsync(60_000);
  refusals.note('token-missing', requestOf(undefined));
  await vi.advanceTimersByTimeAsync(0);
  expect(recorded.at(-1)).toMatchObject({ actor: 'anonymous', leftOut: 4_990 });
});

test('many actors together stay within a bound too', async () => {
  const recorded: RecordedRefusal[] = [];
  const refusals = refusalsOf(recorded);
  for (let i = 0; i < 2_000; i++) refusals.note('not-allowed', requestOf(`agency-${i}`));
  await vi.advanceTimersByTimeAsync(0);
  expect(recorded).toHaveLength(600);
});
