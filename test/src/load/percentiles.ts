/** Latencies in milliseconds, kept as counts per tenth of a millisecond: any number of them in little memory. */
export class Latencies {
  readonly #counts = new Map<number, number>();
  #total = 0;

  add(ms: number): void {
    const bucket = Math.max(0, Math.round(ms * 10));
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#total += 1;
  }

  get count(): number {
    return this.#total;
  }

  /** The latency that `share` (0 to 1) of all stay at or under, in ms; NaN without any. */
  at(share: number): number {
    let left = Math.ceil(share * this.#total);
    for (const bucket of [...this.#counts.keys()].sort((a, b) => a - b)) {
      left -= this.#counts.get(bucket)!;
      if (left <= 0) return bucket / 10;
    }
    return Number.NaN;
  }

  summary(): { count: number; p50: number; p99: number; max: number } {
    return { count: this.#total, p50: this.at(0.5), p99: this.at(0.99), max: this.at(1) };
  }
}
