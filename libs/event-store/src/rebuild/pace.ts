/** Batches a second at a limited rate: each is so small that live work next to it waits for some milliseconds only. */
const BATCHES_A_SECOND = 20;
const SMALLEST_BATCH = 50;
/** What one transaction writes at most: an open one holds up the readers of every log on the server. */
const LARGEST_BATCH = 2_000;

/** Spreads work over time. */
export class Pace {
  /** Events to take at once. */
  readonly batch: number;
  #dueAt = performance.now();

  /** @param rate events a second; 0: as fast as it goes */
  constructor(private readonly rate: number) {
    const even = Math.ceil(rate / BATCHES_A_SECOND);
    this.batch = rate === 0 ? LARGEST_BATCH : Math.min(LARGEST_BATCH, Math.max(SMALLEST_BATCH, even));
  }

  /** After `done` more events: how long to wait, in ms. What was slow is not caught up with in a rush. */
  waitAfter(done: number): number {
    if (this.rate === 0) return 0;
    const now = performance.now();
    this.#dueAt = Math.max(this.#dueAt, now - 1_000 / BATCHES_A_SECOND) + (done / this.rate) * 1_000;
    return Math.max(0, this.#dueAt - now);
  }
}
