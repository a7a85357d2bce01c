import { type ChildProcess, spawn } from 'node:child_process';
import { standaloneModule } from '../paths.js';

/** The stack's end of the guard process (see guard.ts): tells it which processes not to leave behind. */
export class Guardian {
  readonly #guard: ChildProcess;

  constructor() {
    this.#guard = spawn(process.execPath, [standaloneModule(import.meta.url, './guard')], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // Its own process group: a Ctrl-C in the terminal must not reach it before the stack has stopped everything.
      detached: true,
    });
    // Without a guard the stack still works; the next start finds what a crash left behind.
    this.#guard.on('error', () => {});
    this.#guard.stdin?.on('error', () => {});
    this.#guard.unref();
    (this.#guard.stdin as { unref?: () => void } | null)?.unref?.();
  }

  get pid(): number | undefined {
    return this.#guard.pid;
  }

  watch(pid: number, signal: NodeJS.Signals): void {
    this.#guard.stdin?.write(`+${pid} ${signal}\n`);
  }

  forget(pid: number): void {
    if (this.#guard.stdin?.writable) this.#guard.stdin.write(`-${pid}\n`);
  }

  close(): void {
    this.#guard.stdin?.end();
  }
}
