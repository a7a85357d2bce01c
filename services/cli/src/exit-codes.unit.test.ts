import { PROBLEMS, type ProblemCode } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { EXIT, exitOfProblem } from './exit-codes.js';

test.each([
  ['token-missing', EXIT.notAllowed],
  ['token-expired', EXIT.notAllowed],
  ['not-allowed', EXIT.notAllowed],
  ['not-accredited', EXIT.refusedByPolicy],
  ['outside-purpose', EXIT.refusedByPolicy],
  ['same-person', EXIT.refusedByPolicy],
  ['wrong-state', EXIT.refusedByPolicy],
  ['stale-version', EXIT.refusedByPolicy],
  ['unknown-subject', EXIT.notFound],
  ['validation-failed', EXIT.usage],
  ['concurrent-change', EXIT.error],
  ['queue-full', EXIT.error],
  ['cannot-record', EXIT.error],
  ['internal', EXIT.error],
] as const)('%s ends with %i', (code, exit) => {
  expect(exitOfProblem(code)).toBe(exit);
});

test('no problem counts as done, verified or partly done', () => {
  const exits = (Object.keys(PROBLEMS) as ProblemCode[]).map(exitOfProblem);
  for (const exit of [EXIT.done, EXIT.verificationFailed, EXIT.partlyDone]) expect(exits).not.toContain(exit);
});
