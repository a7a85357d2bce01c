import { type ParseArgsConfig, parseArgs } from 'node:util';
import { StackFailure } from './failure.js';
import { DEFAULT_PORT_BASE } from './ports.js';

export const DEFAULT_DATA_DIR = '.sluice';

const HIGHEST_PORT_BASE = 65_500;

/** `parseArgs`, with mistakes as a sentence and the way to the help. */
export function readArguments<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const [said] = (error as Error).message.split('. ');
    throw new StackFailure('bad-option', `${said}; --help lists what there is.`);
  }
}

export function readPortBase(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT_BASE;
  const base = Number(text);
  if (Number.isInteger(base) && base >= 1 && base <= HIGHEST_PORT_BASE) return base;
  throw new StackFailure('bad-option', `--port-base takes a number from 1 to ${HIGHEST_PORT_BASE}, not "${text}".`);
}
