import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../support/until.js';
import type { Bench } from '../bench.js';

const SAMPLE_MS = 1_000;
/** How often a load with a window learns what has arrived. */
const TELL_MS = 20;
const ARRIVAL_TIMEOUT_MS = 300_000;

/** Changes on their way at one moment: those that have not reached every recipient. */
export interface LagSample {
  /** Since the beginning of the measured span. */
  atS: number;
  /** Made by the generator. */
  made: number;
  /** Of these, those that the registry has answered. */
  filed: number;
}

/** Counts what has reached every recipient since it was made. */
export class Arrivals {
  readonly #bench: Bench;
  readonly #atFirst: number[];

  static async begin(bench: Bench): Promise<Arrivals> {
    return new Arrivals(bench, await bench.recipients.ask('received', undefined));
  }

  private constructor(bench: Bench, atFirst: number[]) {
    this.#bench = bench;
    this.#atFirst = atFirst;
  }

  /** By recipient. */
  async each(): Promise<number[]> {
    const received = await this.#bench.recipients.ask('received', undefined);
    return received.map((count, i) => count - this.#atFirst[i]!);
  }

  /** At the recipient that is furthest behind. */
  async count(): Promise<number> {
    return Math.min(...(await this.each()));
  }

  /** Waits until every recipient has `changes`. */
  async reached(changes: number): Promise<void> {
    const have = async () => ((await this.count()) >= changes ? true : undefined);
    await until(`all ${changes} changes reached every recipient`, have, ARRIVAL_TIMEOUT_MS);
  }

  /** Waits until nothing is under way any more, and fails when a recipient got another number of changes. */
  async exactly(changes: number): Promise<void> {
    await this.#bench.settle();
    const each = await this.each();
    if (each.some((count) => count !== changes)) {
      throw new Error(`${changes} changes were filed, and the recipients got ${each.join(', ')}`);
    }
  }

  async lag(startedAt: number): Promise<LagSample> {
    const [{ sent, answered }, arrived] = await Promise.all([
      this.#bench.generator.ask('progress', undefined),
      this.count(),
    ]);
    // An answer can take longer than a delivery.
    return {
      atS: (performance.now() - startedAt) / 1_000,
      made: sent - arrived,
      filed: Math.max(0, answered - arrived),
    };
  }

  async sampleLag(startedAt: number, endsAt: number): Promise<LagSample[]> {
    const samples = [await this.lag(startedAt)];
    for (;;) {
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0) return samples;
      await delay(Math.min(SAMPLE_MS, leftMs));
      samples.push(await this.lag(startedAt));
    }
  }

  /** Keeps the generator informed, for its window. */
  async tell(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#bench.generator.ask('delivered', await this.count());
      await delay(TELL_MS);
    }
  }
}
