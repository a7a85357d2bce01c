import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, Metrics } from '@sluice/platform';
import type { HeadsStore } from './heads-store.js';

/** From one epoch to the next, while something changes: how long an entry of a history goes without a proof, and some seconds more. */
export const EPOCH_MS = 30_000;
const LOOK_MS = 1_000;

/** Makes an epoch of heads now and then. Every instance looks; one of them makes it. */
export class HeadsMaker {
  readonly #stop = new AbortController();
  readonly #rows;
  readonly #seconds;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: HeadsStore,
    private readonly logger: Logger,
    metrics: Metrics,
    private readonly epochMs: number,
  ) {
    this.#rows = metrics.counter('sluice_heads_rows_total', 'Rows of histories that the heads took up in this process');
    this.#seconds = metrics.counter(
      'sluice_heads_seconds_total',
      'Time spent on making epochs of heads in this process',
    );
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const begun = performance.now();
        const { rows } = await this.store.fold(this.epochMs, signal);
        this.#rows.inc(rows);
        this.#seconds.inc((performance.now() - begun) / 1_000);
      } catch (err) {
        if (!signal.aborted || (err as Error).name !== 'AbortError') {
          this.logger.warn({ err }, 'making an epoch of heads came to no end; trying again');
        }
      }
      await sleep(Math.min(LOOK_MS, this.epochMs), undefined, { signal }).catch(() => {});
    }
  }
}
