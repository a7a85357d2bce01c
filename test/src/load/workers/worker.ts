import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Handlers, Question, Reply } from './serve.js';

const END_TIMEOUT_MS = 5_000;

/** A part of the benchmark that runs as a process of its own, so that its cost can be told apart. */
export class Worker<H extends Handlers> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  readonly #exited: Promise<void>;
  #lastId = 0;

  /** Starts the module; it calls `serve` with handlers of the type H. */
  constructor(
    readonly name: string,
    module: URL,
  ) {
    this.#child = fork(fileURLToPath(module), {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id)!;
      this.#waiting.delete(reply.id);
      if ('error' in reply) waiting.reject(new Error(`${name}: ${reply.error}`));
      else waiting.resolve(reply.answer as never);
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        for (const { reject } of this.#waiting.values()) reject(new Error(`${name} ended (${signal ?? code})`));
        this.#waiting.clear();
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Rejects with what the handler threw, or when the process has ended. */
  ask<K extends keyof H & string>(what: K, argument: Parameters<H[K]>[0]): Promise<Awaited<ReturnType<H[K]>>> {
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) return reject(new Error(`${this.name} has ended`));
      const question: Question = { id: ++this.#lastId, what, argument };
      this.#waiting.set(question.id, { resolve, reject });
      this.#child.send(question);
    });
  }

  /** Lets it end by itself, and kills it when it does not. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
  }
}
