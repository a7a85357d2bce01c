import type { Actor, GrantState } from './grant.js';

export interface MoveRule {
  readonly from: readonly GrantState[];
  readonly by: readonly Actor['kind'][];
}

/** The life cycle of a grant after its request or offer: every move that is not listed here is refused. */
export const MOVES = {
  give: { from: ['requested'], by: ['person'] },
  accept: { from: ['offered'], by: ['agency'] },
  refuse: { from: ['requested', 'offered', 'in-review'], by: ['person', 'agency'] },
  /** Of a grant in review, or of a widening that both sides agreed to. */
  review: { from: ['in-review', 'active'], by: ['supervisor'] },
  pause: { from: ['active'], by: ['person'] },
  resume: { from: ['paused'], by: ['person'] },
  narrow: { from: ['active', 'paused'], by: ['person', 'agency', 'supervisor'] },
  widen: { from: ['active'], by: ['person', 'agency'] },
  withdraw: { from: ['active', 'paused'], by: ['person'] },
  end: { from: ['active', 'paused'], by: ['agency'] },
  /** By a supervisor, or because the agency's accreditation was revoked. */
  stop: { from: ['active', 'paused'], by: ['supervisor', 'service'] },
  expire: { from: ['active', 'paused'], by: ['service'] },
  /** A restored agency missed changes. */
  askSnapshot: { from: ['active'], by: ['service'] },
} as const satisfies Record<string, MoveRule>;

export type MoveName = keyof typeof MOVES;
