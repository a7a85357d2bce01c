import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Guardian } from './guardian.js';
import { birthOf } from './identity.js';

/** A log larger than this is set aside (as `.1`) when its process starts anew. */
const LOG_LIMIT_BYTES = 20 * 1024 * 1024;

export interface ProcessPlan {
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** The user to run as; only root may say so. */
  user?: { uid: number; gid: number };
  /** Standard output and error are appended here. */
  logFile: string;
  /** Names the process for a later start, should this one die without stopping it. */
  runFile: string;
  stopSignal: NodeJS.Signals;
  /** After this long a stop becomes a kill. */
  stopTimeoutMs: number;
  guardian: Guardian;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child process with its log, that can be stopped, killed and paused. */
export class ManagedProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  #exit: Exit | undefined;
  readonly #child: ChildProcess;
  readonly #plan: ProcessPlan;
  readonly #logStart: number;

  /** Throws the error of the operating system when the command cannot be run. */
  static async start(plan: ProcessPlan): Promise<ManagedProcess> {
    mkdirSync(dirname(plan.logFile), { recursive: true });
    mkdirSync(dirname(plan.runFile), { recursive: true });
    const logStart = setAsideLongLog(plan.logFile);
    const log = openSync(plan.logFile, 'a', 0o600);
    const child = spawn(plan.command, plan.args, {
      stdio: ['ignore', log, log],
      detached: true, // out of the terminal's process group: Ctrl-C reaches the stack alone, which stops in order
      ...(plan.env && { env: plan.env }),
      ...(plan.cwd && { cwd: plan.cwd }),
      ...plan.user,
    });
    closeSync(log);
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    return new ManagedProcess(child, plan, logStart);
  }

  private constructor(child: ChildProcess, plan: ProcessPlan, logStart: number) {
    this.#child = child;
    this.#plan = plan;
    this.#logStart = logStart;
    this.pid = child.pid!;
    writeFileSync(plan.runFile, JSON.stringify({ pid: this.pid, birth: birthOf(this.pid) ?? '' }));
    plan.guardian.watch(this.pid, plan.stopSignal);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exit = { code, signal };
        plan.guardian.forget(this.pid);
        rmSync(plan.runFile, { force: true });
        resolve(this.#exit);
      });
    });
  }

  /** How it ended; `undefined` while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** What it has written since it started, at most the last 64 KiB. */
  output(): string {
    const limit = 64 * 1024;
    const size = statSync(this.#plan.logFile).size;
    const from = Math.max(this.#logStart, size - limit);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    const file = openSync(this.#plan.logFile, 'r');
    readSync(file, buffer, 0, buffer.length, from);
    closeSync(file);
    return buffer.toString('utf8');
  }

  /** Asks it to end and waits; kills it when it takes longer than planned. */
  async stop(): Promise<Exit> {
    this.#send('SIGCONT'); // a paused process would not see the signal
    this.#send(this.#plan.stopSignal);
    const timer = setTimeout(() => this.#send('SIGKILL'), this.#plan.stopTimeoutMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#send('SIGKILL');
    await this.exited;
  }

  /** SIGSTOP: it keeps its connections and locks but does nothing. */
  pause(): void {
    this.#send('SIGSTOP');
  }

  resume(): void {
    this.#send('SIGCONT');
  }

  #send(signal: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(signal);
  }
}

/** The size of the log that is then appended to. */
function setAsideLongLog(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= LOG_LIMIT_BYTES) return size;
  renameSync(file, `${file}.1`);
  return 0;
}
