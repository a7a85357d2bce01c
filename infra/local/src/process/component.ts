import type { Exit, ManagedProcess } from './managed-process.js';

/** A part of the stack that runs as one process and keeps its data across starts. */
export abstract class Component {
  /** Called when the process ends though nobody asked it to by `stop` or `kill`. */
  onUnexpectedExit: ((exit: Exit) => void) | undefined;
  #process: ManagedProcess | undefined;
  #wanted = false;

  /** For people: "PostgreSQL", "registry". */
  abstract readonly title: string;

  /** Starts it and returns when it serves. Throws a `StackFailure`; also when it is stopped meanwhile. */
  async start(): Promise<void> {
    this.#wanted = true;
    await this.launch();
  }

  protected abstract launch(): Promise<void>;

  /** The process id; throws when it does not run. */
  get pid(): number {
    return this.process.pid;
  }

  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exit === undefined;
  }

  /** Stops it in good order. Does nothing when it does not run. */
  async stop(): Promise<void> {
    await this.#unwanted()?.stop();
  }

  /** kill -9. The data stay; `start()` brings it back. */
  async kill(): Promise<void> {
    await this.#unwanted()?.kill();
  }

  /** `stop` and `start` on the same data. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** SIGSTOP: it keeps its connections and locks but does nothing. */
  pause(): void {
    this.process.pause();
  }

  resume(): void {
    this.process.resume();
  }

  protected get process(): ManagedProcess {
    if (this.#process === undefined) throw new Error(`${this.title} was not started`);
    return this.#process;
  }

  /** Takes over a process that `launch` has made. */
  protected adopt(process: ManagedProcess): void {
    this.#process = process;
    // Stopped while the process was being prepared: its end is then noticed like that of any failed start.
    if (!this.#wanted) void process.kill();
    process.exited.then((exit) => {
      if (this.#wanted && this.#process === process) this.onUnexpectedExit?.(exit);
    });
  }

  #unwanted(): ManagedProcess | undefined {
    this.#wanted = false;
    return this.#process;
  }
}
