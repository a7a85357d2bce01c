import { isCancel, text } from '@clack/prompts';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import type { Terminal } from '../terminal.js';

/**
 * Asks for a line on standard error, so that the result can be piped.
 * @param check what is wrong with an answer, or undefined
 * @throws {Failure} when the answer is Ctrl-C
 */
export async function ask(
  { stdin, stderr }: Terminal,
  message: string,
  check: (answer: string) => string | undefined,
): Promise<string> {
  const answer = await text({ message, input: stdin, output: stderr, validate: (given) => check(given ?? '') });
  if (isCancel(answer)) throw new Failure(EXIT.error, 'nothing was done');
  return answer;
}
