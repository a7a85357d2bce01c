import { readFailure } from './handler-failure.js';

/** What is to be done with an event after an attempt to handle it. */
export type AttemptOutcome =
  | { kind: 'handled' }
  | { kind: 'later'; delayMs: number; reason: string }
  | { kind: 'park'; reason: string; tries: number };

/** A failure that nothing explains is taken for the event's own fault after so many tries. */
const MAX_UNEXPLAINED = 5;
const FIRST_DELAY_MS = 200;
const LAST_DELAY_MS = 10_000;

interface Count {
  failures: number;
  unexplained: number;
}

/** Counts the failures of each event, in memory: after a restart or a rebalance the count begins anew. */
export class Attempts {
  readonly #counts = new Map<string, Count>();

  async run(id: string, handle: () => Promise<void>): Promise<AttemptOutcome> {
    try {
      await handle();
      this.#counts.delete(id);
      return { kind: 'handled' };
    } catch (error) {
      return this.#failed(id, error);
    }
  }

  #failed(id: string, error: unknown): AttemptOutcome {
    const failure = readFailure(error);
    const count = this.#counts.get(id) ?? { failures: 0, unexplained: 0 };
    count.failures++;
    if (failure.kind === 'unexplained') count.unexplained++;
    if (failure.kind === 'poison' || (failure.kind === 'unexplained' && count.unexplained >= MAX_UNEXPLAINED)) {
      this.#counts.delete(id);
      return { kind: 'park', reason: failure.reason, tries: count.failures };
    }
    this.#counts.set(id, count);
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (count.failures - 1), LAST_DELAY_MS);
    return { kind: 'later', delayMs, reason: failure.reason };
  }
}
