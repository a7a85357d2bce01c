import type { RebuildView, ReplayView } from '@sluice/contracts';
import { describe, expect, test } from 'vitest';
import { rebuildsDiagnosis, replaysDiagnosis } from './repetitions.js';

describe('a redelivery', () => {
  const replay = (
    changed: { state?: ReplayView['state']; delivered?: number; next?: string; trouble?: string } = {},
  ) => {
    const { state = 'running', delivered = 5, next = '10', trouble } = changed;
    const lane = { lane: 3, next, end: '90', done: false, ...(trouble !== undefined && { trouble }) };
    const progress = { delivered, refused: 0, skipped: 0, lanes: [lane] };
    return { id: 'b8a7', state, progress } as unknown as ReplayView;
  };

  test('that gets on, or passes what it does not send, is well', () => {
    expect(replaysDiagnosis([replay()], [replay({ delivered: 6 })])).toMatchObject({
      state: 'well',
      found: 'running 1',
    });
    expect(replaysDiagnosis([replay()], [replay({ next: '11' })])).toMatchObject({ state: 'well' });
    expect(replaysDiagnosis([], [replay()])).toMatchObject({ state: 'well' });
  });

  test('that stands still is trouble, with the reason where the service knows one', () => {
    expect(replaysDiagnosis([replay()], [replay()])).toMatchObject({
      state: 'trouble',
      found: expect.stringContaining('b8a7 is running'),
    });
    const stuck = replay({ trouble: 'SourceLost: offset 5' });
    expect(replaysDiagnosis([], [replay({ state: 'done' }), stuck])).toMatchObject({
      state: 'trouble',
      found: 'lane 3 of b8a7 stands still: SourceLost: offset 5',
    });
  });

  test('that waits for a person, or is over, is no trouble', () => {
    const waiting = (['planned', 'paused', 'planned', 'done', 'cancelled'] as const).map((state) => replay({ state }));
    expect(replaysDiagnosis(waiting, waiting)).toMatchObject({ state: 'well', found: 'paused 1, planned 2' });
    expect(replaysDiagnosis([], [])).toMatchObject({ state: 'well', found: 'none under way' });
  });
});

describe('a rebuild', () => {
  const since = new Date('2026-11-24T00:00:00.000Z');
  const rebuild = (state: RebuildView['state'], finishedAt: string) =>
    ({ readModel: 'history', state, plannedAt: finishedAt, finishedAt, failure: 'no answer' }) as RebuildView;

  test('that failed is trouble of its service, until it is old news', () => {
    const failed = rebuild('failed', '2026-11-24T02:00:00.000Z');
    expect(
      rebuildsDiagnosis(
        [
          ['consent', []],
          ['audit', [failed]],
        ],
        since,
      ),
    ).toMatchObject({ where: 'audit', state: 'trouble', found: 'history failed: no answer' });
    const old = rebuild('failed', '2026-11-23T02:00:00.000Z');
    const running = rebuild('running', '2026-11-24T02:00:00.000Z');
    expect(rebuildsDiagnosis([['audit', [old, running]]], since)).toMatchObject({ state: 'well', found: 'running 1' });
  });
});
