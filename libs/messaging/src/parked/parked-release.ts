import { HEADER } from '@sluice/contracts';
import type { Pool } from 'pg';
import type { Attempts } from '../push/attempts.js';
import { readEvent } from '../push/incoming-event.js';
import type { EventHandlers } from '../push/pushed-batch.js';
import type { ParkedEvent, ParkedStore } from './parked-store.js';

const LOOK_EVERY_MS = 1_000;
const AT_ONCE = 100;

export interface ParkedReleaseOptions {
  pool: Pool;
  parked: ParkedStore;
  handlers: EventHandlers;
  attempts: Attempts;
  /** Of the schema and the group: among all instances, one at a time releases. */
  lockName: string;
  onFailed(error: unknown): void;
}

/** Handles parked messages whose turn has come, in order within their key. */
export class ParkedRelease {
  readonly #options: ParkedReleaseOptions;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #stopped = false;

  constructor(options: ParkedReleaseOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#pass ??= this.#look()
        .catch((error: unknown) => this.#options.onFailed(error))
        .finally(() => {
          this.#pass = undefined;
        });
    }, LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#pass;
  }

  async #look(): Promise<void> {
    const { pool, parked, lockName } = this.#options;
    if ((await parked.due(1)).length === 0) return;
    // A lock of the session, because a transaction that is open while handlers run would hold back readers of the log.
    const client = await pool.connect();
    let failure: Error | undefined;
    try {
      const { rows } = await client.query<{ mine: boolean }>(
        'select pg_try_advisory_lock(hashtextextended($1, 0)) as mine',
        [lockName],
      );
      if (!rows[0]!.mine) return;
      await this.#release();
      await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [lockName]);
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      // With an error the connection is closed, and the lock with it.
      client.release(failure);
    }
  }

  async #release(): Promise<void> {
    for (let progress = true; progress && !this.#stopped; ) {
      progress = false;
      for (const due of await this.#options.parked.due(AT_ONCE)) {
        if (this.#stopped) return;
        if (await this.#one(due)) progress = true;
      }
    }
  }

  /** Whether it is out of the way of what waits behind it, or waits for an operator. */
  async #one({ id, event }: ParkedEvent): Promise<boolean> {
    const { parked, handlers, attempts } = this.#options;
    const handler = handlers.find(event.headers[HEADER.type] ?? '');
    const outcome = await attempts.run(`parked ${id}`, async () => handler?.handle(readEvent(event)));
    if (outcome.kind === 'later') return false;
    if (outcome.kind === 'park') await parked.waitAgain(id, outcome.reason, outcome.tries);
    else await parked.handled(id);
    return true;
  }
}
