import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@sluice/platform';
import { type CompleteStop, type StopKey, Stops } from './stops.js';

/**
 * One query each for all that wait, however many. It finds what another instance completed; what this one completes
 * it is told at once.
 */
const POLL_MS = 15;

interface Waiter extends StopKey {
  done(stop: CompleteStop | undefined): void;
}

/** Callers who wait for the receipt of a stop, whichever instance completes it. */
@Injectable()
export class StopWaiters {
  readonly #waiters = new Set<Waiter>();
  #polling = false;

  constructor(
    private readonly stops: Stops,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The stop once it is complete, or undefined when that takes longer than `waitMs`. */
  async completionOf(key: StopKey, waitMs: number): Promise<CompleteStop | undefined> {
    if (waitMs === 0) return (await this.stops.completeOf([key]))[0];
    const { promise, resolve } = Promise.withResolvers<CompleteStop | undefined>();
    const waiter: Waiter = { ...key, done: resolve };
    this.#waiters.add(waiter);
    if (!this.#polling) void this.#poll();
    const timer = setTimeout(() => resolve(undefined), waitMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }

  /** This instance has completed a stop. */
  tell(stop: CompleteStop): void {
    for (const waiter of this.#waiters) {
      if (waiter.grant === stop.grant && waiter.version === stop.version) waiter.done(stop);
    }
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    while (this.#waiters.size > 0) {
      try {
        for (const stop of await this.stops.completeOf([...this.#waiters])) this.tell(stop);
      } catch (err) {
        // Whoever waits gets a 202 in time; the receipt is not lost.
        this.logger.warn({ err }, 'receipts of stops could not be looked up');
      }
      await sleep(POLL_MS);
    }
    this.#polling = false;
  }
}
