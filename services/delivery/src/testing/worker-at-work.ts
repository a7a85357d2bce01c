import { LANES } from '@sluice/contracts';
import { expect } from 'vitest';
import { PartitionWorker, type WorkerContext } from '../partition/partition-worker.js';
import type { DeliveryWorld } from './delivery-world.js';

const MOST_DEATHS = 50;

/** A worker of one lane that is started again whenever it dies, as its host does. */
export class WorkerAtWork {
  /** What it died of. */
  readonly deaths: unknown[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  private constructor(
    private readonly world: DeliveryWorld,
    private readonly lane: number,
    private readonly part: Partial<WorkerContext>,
  ) {
    this.#running = this.#run();
    this.#running.catch(() => {});
  }

  static on(world: DeliveryWorld, lane: number, part: Partial<WorkerContext> = {}): WorkerAtWork {
    return new WorkerAtWork(world, lane, part);
  }

  static onAll(world: DeliveryWorld): WorkerAtWork[] {
    return Array.from({ length: LANES }, (_, lane) => new WorkerAtWork(world, lane, {}));
  }

  async untilFeedHas(agency: string, lane: number, count: number): Promise<void> {
    const received = () => this.world.received(agency, lane).catch(() => []);
    await expect
      .poll(async () => (await received()).length, { message: `${this.deaths.at(-1) ?? 'alive'}` })
      .toBeGreaterThanOrEqual(count);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const puller = this.world.newPuller();
      const worker = new PartitionWorker(this.lane, puller, { ...this.world.workerContext(), ...this.part });
      await worker.run(this.#stop.signal).catch((error) => this.deaths.push(error));
      await puller.close();
      // What dies at once again and again is a failure of the test, not work for the machine.
      if (this.deaths.length > MOST_DEATHS) throw this.deaths.at(-1);
    }
  }
}
