import { HttpException } from '@nestjs/common';
import { PROBLEMS, type ProblemCode, type ProblemDetail } from '@sluice/contracts';
import { isRefusal, type Refusal } from './refusal.js';

/** What a problem may carry beyond its code. Nothing here may hold a personal value. */
export interface ProblemExtra {
  readonly errors?: readonly ProblemDetail[];
  /** Seconds for `Retry-After`. */
  readonly retryAfterS?: number;
  /** Further response headers, such as `Allow` or `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the document (RFC 9457, section 3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** Ends a request with the problem document of `code`. Its type is the protocol: the filter adds nothing to it. */
export class ProblemException extends HttpException {
  constructor(
    readonly code: ProblemCode,
    readonly extra: ProblemExtra = {},
  ) {
    super(code, PROBLEMS[code].status);
  }
}

/** Passes a result on, and turns a refusal into the problem it stands for. @throws ProblemException */
export function answer<T>(result: T | Refusal): T {
  if (!isRefusal(result)) return result;
  const { refused, ...extra } = result;
  throw new ProblemException(refused, extra);
}
