import type { Component } from './process/component.js';
import type { Exit } from './process/managed-process.js';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** Having run this long, a process counts as sound again and its next restart waits the first delay. */
const SOUND_AFTER_MS = 60_000;

/** Starts again what ends by itself, ever more slowly, and says so. */
export class Supervisor {
  readonly #say: (line: string) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(components: Component[], say: (line: string) => void) {
    this.#say = say;
    for (const component of components) this.#watch(component, FIRST_DELAY_MS);
  }

  /** From now on nothing is started again. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #watch(component: Component, delayMs: number): void {
    const since = Date.now();
    component.onUnexpectedExit = (exit) => {
      component.onUnexpectedExit = undefined;
      const wait = Date.now() - since > SOUND_AFTER_MS ? FIRST_DELAY_MS : delayMs;
      this.#restartLater(component, wait, describe(exit));
    };
  }

  #restartLater(component: Component, delayMs: number, why: string): void {
    if (this.#closed) return;
    this.#say(`${component.title} ${why}; starting it again in ${delayMs / 1000} s`);
    const timer = setTimeout(async () => {
      this.#timers.delete(timer);
      const next = Math.min(delayMs * 2, LONGEST_DELAY_MS);
      try {
        await component.start();
        if (this.#closed) return await component.stop();
        this.#say(`${component.title} runs again`);
        this.#watch(component, next);
      } catch (error) {
        this.#restartLater(component, next, `did not start (${(error as Error).message})`);
      }
    }, delayMs);
    this.#timers.add(timer);
  }
}

function describe({ code, signal }: Exit): string {
  return signal ? `was ended by ${signal}` : `ended by itself with code ${code}`;
}
