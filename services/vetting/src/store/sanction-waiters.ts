import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@sluice/platform';
import { type RecordedSanction, Sanctions } from './sanctions.js';

/** One query each for all that wait, however many: a receipt written by another instance is seen as soon as our own. */
const POLL_MS = 15;

interface Waiter {
  agency: string;
  version: number;
  done(sanction: RecordedSanction | undefined): void;
}

/** Callers who wait for a sanction's receipt, whichever instance completes it. */
@Injectable()
export class SanctionWaiters {
  readonly #waiters = new Set<Waiter>();
  #polling = false;

  constructor(
    private readonly sanctions: Sanctions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The sanction once it is complete, or undefined when that takes longer than `waitMs`. */
  async forReceipt(agency: string, version: number, waitMs: number): Promise<RecordedSanction | undefined> {
    if (waitMs === 0) return (await this.sanctions.completeOf([{ agency, version }]))[0];
    const { promise, resolve } = Promise.withResolvers<RecordedSanction | undefined>();
    const waiter: Waiter = { agency, version, done: resolve };
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

  async #poll(): Promise<void> {
    this.#polling = true;
    while (this.#waiters.size > 0) {
      try {
        const waiting = [...this.#waiters];
        for (const sanction of await this.sanctions.completeOf(waiting)) tell(waiting, sanction);
      } catch (err) {
        // Whoever waits gets a 202 in time; the receipt is not lost.
        this.logger.warn({ err }, 'receipts of sanctions could not be looked up');
      }
      await sleep(POLL_MS);
    }
    this.#polling = false;
  }
}

function tell(waiting: readonly Waiter[], sanction: RecordedSanction): void {
  for (const { agency, version, done } of waiting) {
    if (agency === sanction.agency && version === sanction.version) done(sanction);
  }
}
