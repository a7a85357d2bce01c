import { PROBLEMS, type ProblemDocument } from '@sluice/contracts';
import { SluiceError } from '../errors.js';

/** The registry answered with a problem document (RFC 9457): it names the rule, never the data. */
export class RequestRefused extends SluiceError {
  override readonly name = 'RequestRefused';

  constructor(
    readonly problem: ProblemDocument,
    /** How long the registry asks to wait, in milliseconds. */
    readonly retryAfterMs?: number,
  ) {
    super('request-refused', `the registry refused: ${problem.code} (request ${problem.instance})`);
  }

  /** As the list of problem codes says. */
  override get retryable(): boolean {
    return PROBLEMS[this.problem.code].retry;
  }
}

export function isProblem(value: unknown): value is ProblemDocument {
  const { code } = (value ?? {}) as { code?: unknown };
  return typeof code === 'string' && Object.hasOwn(PROBLEMS, code);
}
