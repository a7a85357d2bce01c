import type { Readable, Writable } from 'node:stream';
import pc from 'picocolors';

/** A stream that may be a terminal. */
export type TerminalStream = Writable & { isTTY?: boolean; columns?: number };

/** All that a run has to do with the world around it, so that tests can stand in for it. */
export interface Terminal {
  stdin: Readable & { isTTY?: boolean };
  stdout: TerminalStream;
  stderr: TerminalStream;
  env: NodeJS.ProcessEnv;
}

/** Whether somebody sits there who can be asked. */
export function isInteractive({ stdin, stderr, env }: Terminal): boolean {
  return Boolean(stdin.isTTY && stderr.isTTY && !env.CI);
}

/** Colours are for terminals whose user did not ask to be spared (https://no-color.org). */
export function showsColour({ env }: Terminal, stream: TerminalStream): boolean {
  return Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb';
}

export type Colours = ReturnType<typeof pc.createColors>;

/** Ways to colour a text; they leave it alone where colours are not wanted. */
export function coloursFor(terminal: Terminal, stream: TerminalStream): Colours {
  return pc.createColors(showsColour(terminal, stream));
}
