export interface LatencySummary {
  count: number;
  /** Milliseconds; `null` without any. */
  p50: number | null;
  p99: number | null;
  max: number | null;
}

/** Latencies in milliseconds, kept as counts per tenth of a millisecond: any number of them in little memory. */
export class Latencies {
  readonly #counts = new Map<number, number>();
  #total = 0;

  add(ms: number): void {
    const bucket = Math.max(0, Math.round(ms * 10));
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#total += 1;
  }

  /** The latency that `share` (0 to 1) of all stay at or under. */
  at(share: number): number | null {
    let left = Math.ceil(share * this.#total);
    if (left === 0) return null;
    for (const bucket of [...this.#counts.keys()].sort((a, b) => a - b)) {
      left -= this.#counts.get(bucket)!;
      if (left <= 0) return bucket / 10;
    }
    return null;
  }

  summary(): LatencySummary {
    return { count: this.#total, p50: this.at(0.5), p99: this.at(0.99), max: this.at(1) };
  }
}
