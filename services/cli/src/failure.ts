import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.js';

/** A run that ends without its result, in words for whoever typed the command: what happened, and what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }
}

/** The command was not understood. */
export function usageFailure(message: string): Failure {
  return new Failure(EXIT.usage, message);
}

/** What to print and how to end after an error of any kind; nothing is printed where commander has done so already. */
export function endingOf(error: unknown): { exitCode: ExitCode; message?: string } {
  if (error instanceof Failure) return { exitCode: error.exitCode, message: error.message };
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? EXIT.done : EXIT.usage };
  return { exitCode: EXIT.error, message: error instanceof Error ? error.message : String(error) };
}
