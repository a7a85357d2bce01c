import { setTimeout as sleep } from 'node:timers/promises';

/** A partition's work that ended by itself is begun again after this long. */
const BEGIN_AGAIN_MS = 1_000;

interface Owner {
  controller: AbortController;
  /** Settles when the work has really ended. */
  ended: Promise<void>;
}

/** Runs one piece of work for each owned partition: never two for the same partition, ended before it is given away. */
export class OwnedPartitions {
  readonly #own: (partition: number, signal: AbortSignal) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #owners = new Map<number, Owner>();
  #wanted: ReadonlySet<number> = new Set();

  constructor(own: (partition: number, signal: AbortSignal) => Promise<void>, failed: (error: unknown) => void) {
    this.#own = own;
    this.#failed = failed;
  }

  /** Partitions whose work runs and was not told to end, ascending. */
  get running(): number[] {
    return [...this.#owners]
      .filter(([, owner]) => !owner.controller.signal.aborted)
      .map(([partition]) => partition)
      .sort((a, b) => a - b);
  }

  /** Begins and ends work until exactly these are owned. Resolves when all others have ended. */
  async set(partitions: Iterable<number>): Promise<void> {
    this.#wanted = new Set(partitions);
    const ending: Promise<void>[] = [];
    for (const [partition, owner] of this.#owners) {
      if (this.#wanted.has(partition)) continue;
      owner.controller.abort();
      ending.push(owner.ended);
    }
    for (const partition of this.#wanted) this.#begin(partition);
    await Promise.all(ending);
  }

  /** Ends work on all but these; begins none. */
  async keepOnly(partitions: ReadonlySet<number>): Promise<void> {
    await this.set(this.running.filter((partition) => partitions.has(partition)));
  }

  #begin(partition: number): void {
    // Work that still winds down begins anew when it has ended.
    if (this.#owners.has(partition)) return;
    const controller = new AbortController();
    const { signal } = controller;
    const ended = (async () => this.#own(partition, signal))()
      .catch((error: unknown) => {
        if (!signal.aborted) this.#failed(error);
      })
      .then(() => (signal.aborted ? undefined : sleep(BEGIN_AGAIN_MS, undefined, { signal }).catch(() => {})))
      .then(() => {
        this.#owners.delete(partition);
        if (this.#wanted.has(partition)) this.#begin(partition);
      });
    this.#owners.set(partition, { controller, ended });
  }
}
