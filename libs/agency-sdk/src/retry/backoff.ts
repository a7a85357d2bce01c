const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Waiting times between tries: doubling from half a second to half a minute. */
export class Backoff {
  #next = FIRST_MS;

  /** Milliseconds to wait before the next try. */
  next(): number {
    const wait = this.#next;
    this.#next = Math.min(LONGEST_MS, wait * 2);
    return wait;
  }

  reset(): void {
    this.#next = FIRST_MS;
  }
}
