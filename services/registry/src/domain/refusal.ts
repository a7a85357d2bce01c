import type { ProblemCode, ProblemDetail } from '@sluice/contracts';

/** A refusal that a caller can cause. `errors` name places and rules, never values. */
export interface Refusal<C extends ProblemCode = ProblemCode> {
  readonly refused: C;
  readonly errors?: readonly ProblemDetail[];
}

export function isRefusal<T extends object, C extends ProblemCode>(result: T | Refusal<C>): result is Refusal<C> {
  return 'refused' in result;
}
