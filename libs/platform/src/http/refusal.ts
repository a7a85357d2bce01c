import { PROBLEMS, type ProblemCode, type ProblemDetail } from '@sluice/contracts';

/**
 * A refusal that a caller can cause: a value, not an exception. Plain data, so that pure code can make one without
 * a framework and a test can compare it.
 */
export interface Refusal<C extends ProblemCode = ProblemCode> {
  readonly refused: C;
  readonly errors?: readonly ProblemDetail[];
  /** Seconds for `Retry-After`; only for codes whose problem may be tried again. */
  readonly retryAfterS?: number;
}

/** `errors` name places and rules, never values. */
export function refuse<C extends ProblemCode>(code: C, errors?: readonly ProblemDetail[]): Refusal<C> {
  return errors === undefined ? { refused: code } : { refused: code, errors };
}

/** Narrows to the refusals among the types of `result`, also to a domain's own type of this shape. */
export function isRefusal<T>(result: T): result is Extract<T, { readonly refused: ProblemCode }> {
  return (
    typeof result === 'object' &&
    result !== null &&
    'refused' in result &&
    typeof result.refused === 'string' &&
    Object.hasOwn(PROBLEMS, result.refused)
  );
}
