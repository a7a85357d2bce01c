import type { ProblemCode, ReplayExtent, ReplayImpact, ReplayState } from '@sluice/contracts';

/** A plan that waits for its next step longer than this has to be made again: what it was judged by is too old. */
export const PLAN_WAITS_AT_MOST_MS = 24 * 3_600_000;

/** A redelivery to one agency, from its plan to its end. Times in ms since 1970; people as actors, `staff:…`. */
export interface ReplayPlan {
  id: string;
  state: ReplayState;
  agency: string;
  extent: ReplayExtent;
  /** Source events per second. */
  rate: number;
  reason: string;
  /** Under the grants of the moment it was planned. */
  impact: ReplayImpact;
  plannedBy: string;
  plannedAt: number;
  approvedBy?: string;
  approvedAt?: number;
  /** Of its last step; how long it may wait for the next counts from here. */
  movedAt: number;
  endedAt?: number;
}

export const REPLAY_MOVES = ['approve', 'run', 'pause', 'resume', 'cancel', 'finish'] as const;
export type ReplayMove = (typeof REPLAY_MOVES)[number];

/** Every move there is: whence, whither, and whether the plan may be too old for it. */
const MOVES: Record<ReplayMove, { from: readonly ReplayState[]; to: ReplayState; expires: boolean }> = {
  approve: { from: ['planned'], to: 'approved', expires: true },
  run: { from: ['approved'], to: 'running', expires: true },
  pause: { from: ['running'], to: 'paused', expires: false },
  resume: { from: ['paused'], to: 'running', expires: true },
  cancel: { from: ['planned', 'approved', 'running', 'paused'], to: 'cancelled', expires: false },
  finish: { from: ['running'], to: 'done', expires: false },
};

export interface Refused {
  refused: Extract<ProblemCode, 'wrong-state' | 'same-person' | 'plan-expired'>;
}

/** The plan after a move, or why it is refused. */
export function moveReplay(plan: ReplayPlan, move: ReplayMove, by: string, now: number): ReplayPlan | Refused {
  const { from, to, expires } = MOVES[move];
  if (!from.includes(plan.state)) return { refused: 'wrong-state' };
  if (move === 'approve' && by === plan.plannedBy) return { refused: 'same-person' };
  if (expires && now >= plan.movedAt + PLAN_WAITS_AT_MOST_MS) return { refused: 'plan-expired' };
  return {
    ...plan,
    state: to,
    movedAt: now,
    ...(move === 'approve' && { approvedBy: by, approvedAt: now }),
    ...((to === 'done' || to === 'cancelled') && { endedAt: now }),
  };
}

/** Until when the next step can be taken; undefined where there is none to wait for. */
export function expiryOf({ state, movedAt }: ReplayPlan): number | undefined {
  const waits = state === 'planned' || state === 'approved' || state === 'paused';
  return waits ? movedAt + PLAN_WAITS_AT_MOST_MS : undefined;
}
