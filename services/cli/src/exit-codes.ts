import { PROBLEMS, type ProblemCode } from '@sluice/contracts';

/** What a run says to the script that started it; documented in README.md, and never given another meaning. */
export const EXIT = {
  done: 0,
  error: 1,
  usage: 2,
  verificationFailed: 3,
  notAllowed: 4,
  notFound: 5,
  refusedByPolicy: 6,
  partlyDone: 7,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit code of a refusal by a service. What may succeed later without a change is an error, not a refusal. */
export function exitOfProblem(code: ProblemCode): ExitCode {
  const { status, retry } = PROBLEMS[code];
  if (retry) return EXIT.error;
  switch (status) {
    case 400:
    case 422:
      return EXIT.usage;
    case 401:
      return EXIT.notAllowed;
    case 403:
      return code === 'not-allowed' ? EXIT.notAllowed : EXIT.refusedByPolicy;
    case 404:
      return EXIT.notFound;
    case 409:
    case 412:
      return EXIT.refusedByPolicy;
    default:
      return EXIT.error;
  }
}
