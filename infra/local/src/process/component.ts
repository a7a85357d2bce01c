import type { ManagedProcess } from './managed-process.js';

/** A part of the stack that runs as one process and keeps its data across starts. */
export abstract class Component {
  protected process: ManagedProcess | undefined;

  /** Starts it and returns when it serves. */
  abstract start(): Promise<void>;

  /** The process id; throws when it does not run. */
  get pid(): number {
    return this.running().pid;
  }

  get isRunning(): boolean {
    return this.process !== undefined && this.process.exit === undefined;
  }

  /** Stops it in good order. Does nothing when it does not run. */
  async stop(): Promise<void> {
    await this.process?.stop();
    this.process = undefined;
  }

  /** kill -9. The data stay; `start()` brings it back. */
  async kill(): Promise<void> {
    await this.running().kill();
    this.process = undefined;
  }

  pause(): void {
    this.running().pause();
  }

  resume(): void {
    this.running().resume();
  }

  protected running(): ManagedProcess {
    if (this.process === undefined) throw new Error(`${this.constructor.name} is not running`);
    return this.process;
  }
}
