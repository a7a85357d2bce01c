import { REPLAY_STATES, type ReplayState } from '@sluice/contracts';
import { expect, test } from 'vitest';
import {
  expiryOf,
  moveReplay,
  PLAN_WAITS_AT_MOST_MS,
  REPLAY_MOVES,
  type ReplayMove,
  type ReplayPlan,
} from './replay-plan.js';

const NOW = 1_790_000_000_000;

const planIn = (state: ReplayState): ReplayPlan => ({
  id: '0190a000-0000-7000-8000-00000000aaaa',
  state,
  agency: 'harbour-bank',
  extent: { kind: 'entitled' },
  rate: 100,
  reason: 'a test',
  impact: { lanes: [], persons: 0, deliveries: 0, refusals: [] },
  plannedBy: 'staff:otto',
  plannedAt: NOW,
  movedAt: NOW,
});

const ALLOWED: Record<ReplayMove, Partial<Record<ReplayState, ReplayState>>> = {
  approve: { planned: 'approved' },
  run: { approved: 'running' },
  pause: { running: 'paused' },
  resume: { paused: 'running' },
  cancel: { planned: 'cancelled', approved: 'cancelled', running: 'cancelled', paused: 'cancelled' },
  finish: { running: 'done' },
};

test('every move that is not listed is refused, from every state', () => {
  for (const move of REPLAY_MOVES) {
    for (const state of REPLAY_STATES) {
      const moved = moveReplay(planIn(state), move, 'staff:sol', NOW + 1);
      const to = ALLOWED[move][state];
      if (to === undefined) expect(moved, `${move} from ${state}`).toEqual({ refused: 'wrong-state' });
      else expect(moved, `${move} from ${state}`).toMatchObject({ state: to, movedAt: NOW + 1 });
    }
  }
});

test('whoever planned it does not approve it, in whatever role', () => {
  expect(moveReplay(planIn('planned'), 'approve', 'staff:otto', NOW)).toEqual({ refused: 'same-person' });
  const approved = moveReplay(planIn('planned'), 'approve', 'staff:sol', NOW + 5);
  expect(approved).toMatchObject({ approvedBy: 'staff:sol', approvedAt: NOW + 5, plannedBy: 'staff:otto' });
});

test('a plan that waited a day neither begins nor goes on, but can be given up', () => {
  const late = NOW + PLAN_WAITS_AT_MOST_MS;
  const waiting = { approve: 'planned', run: 'approved', resume: 'paused' } as const;
  for (const [move, state] of Object.entries(waiting) as [ReplayMove, ReplayState][]) {
    expect(moveReplay(planIn(state), move, 'staff:sol', late), move).toEqual({ refused: 'plan-expired' });
    expect(moveReplay(planIn(state), move, 'staff:sol', late - 1), move).not.toHaveProperty('refused');
    expect(moveReplay(planIn(state), 'cancel', 'staff:sol', late)).toMatchObject({ state: 'cancelled', endedAt: late });
    expect(expiryOf(planIn(state))).toBe(late);
  }
  expect(moveReplay(planIn('running'), 'finish', 'service:delivery', late)).toMatchObject({ state: 'done' });
  for (const state of ['running', 'done', 'cancelled'] as const) expect(expiryOf(planIn(state))).toBeUndefined();
});
