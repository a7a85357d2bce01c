import { spinner } from '@clack/prompts';
import type { Terminal } from '../terminal.js';

/** How often a file or a pipe is told; a terminal sees every change. */
const LINE_EVERY_MS = 10_000;
/** As often as an eye can follow. */
const REDRAW_EVERY_MS = 100;

/** How a shell sees a process that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Says on standard error how far a long piece of work has come. */
export interface Progress {
  update(message: () => string): void;
  end(): void;
}

/** @param what the work, in a few words */
export function startProgress({ stderr }: Terminal, what: string): Progress {
  if (stderr.isTTY) {
    const shown = spinner({ output: stderr, indicator: 'timer', onCancel: () => process.exit(INTERRUPTED) });
    shown.start(what);
    // The spinner reads Ctrl-C from the keyboard itself and ends the process as if all were done.
    const interrupted = (): void => {
      process.exitCode = INTERRUPTED;
    };
    process.once('exit', interrupted);
    return throttled(
      REDRAW_EVERY_MS,
      (message) => shown.message(`${what}: ${message}`),
      () => {
        process.off('exit', interrupted);
        shown.clear();
      },
    );
  }
  return throttled(
    LINE_EVERY_MS,
    (message) => stderr.write(`${what}: ${message}\n`),
    () => {},
  );
}

function throttled(everyMs: number, show: (message: string) => void, end: () => void): Progress {
  let shownAt = performance.now();
  return {
    update(message) {
      const now = performance.now();
      if (now - shownAt < everyMs) return;
      shownAt = now;
      show(message());
    },
    end,
  };
}
