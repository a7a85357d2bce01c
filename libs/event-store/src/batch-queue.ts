/**
 * Work that waits: a command that may share a batch, or a whole batch of its own. Small batches of their own that come
 * together are run together: at 500 lines a second over four filings this makes a third of the transactions.
 */
export interface Waiting {
  /** Streams and idempotency keys; two batches in flight never share one. */
  names: readonly string[];
  shares: boolean;
}

/** Batches of shared commands in flight: while one commits, the next one loads and decides. */
const MAX_SHARED_IN_FLIGHT = 2;
/** Batches of their own in flight, beside the shared ones, so that a bulk filing does not hold up single commands. */
const MAX_OWN_IN_FLIGHT = 2;
const MAX_COMMANDS_PER_BATCH = 500;
/** Names of a batch of its own that is small. */
const SMALL_NAMES = 100;

/**
 * Decides what goes into the next batch. Work on a stream that is in flight waits, and what came later on the same
 * stream waits behind it; everything else passes.
 */
export class BatchQueue<W extends Waiting> {
  #waiting: W[] = [];
  #sharedInFlight = 0;
  #ownInFlight = 0;
  #scheduled = false;
  readonly #busy = new Set<string>();
  readonly #onIdle: (() => void)[] = [];
  readonly #run: (batch: W[]) => Promise<W[]>;

  /** `run` MUST NOT reject; it resolves to the work it left over, which goes first in the next batch. */
  constructor(run: (batch: W[]) => Promise<W[]>) {
    this.#run = run;
  }

  add(work: W): void {
    this.#waiting.push(work);
    this.#schedule();
  }

  /** Resolves when nothing waits and nothing is in flight. */
  async idle(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #isIdle(): boolean {
    return this.#waiting.length === 0 && this.#sharedInFlight === 0 && this.#ownInFlight === 0;
  }

  /** After this turn of the event loop, so that commands that came together go together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#startBatches();
    });
  }

  #startBatches(): void {
    const shared: W[] = [];
    const sharedNames = new Set<string>();
    const left: W[] = [];
    /** Of work that waits or goes alone: whatever wants them waits behind it. */
    const claimed = new Set<string>();
    const own: W[][] = [];
    let small: { batch: W[]; names: number } | undefined;
    for (const work of this.#waiting) {
      const free = !work.names.some((name) => this.#busy.has(name) || claimed.has(name));
      if (
        free &&
        work.shares &&
        this.#sharedInFlight < MAX_SHARED_IN_FLIGHT &&
        shared.length < MAX_COMMANDS_PER_BATCH
      ) {
        shared.push(work);
        for (const name of work.names) sharedNames.add(name);
        continue;
      }
      const alone = free && !work.shares && !work.names.some((name) => sharedNames.has(name));
      const { length } = work.names;
      if (alone && length <= SMALL_NAMES && small !== undefined && small.names + length <= MAX_COMMANDS_PER_BATCH) {
        small.batch.push(work);
        small.names += length;
      } else if (alone && this.#ownInFlight + own.length < MAX_OWN_IN_FLIGHT) {
        const batch = [work];
        own.push(batch);
        if (length <= SMALL_NAMES) small = { batch, names: length };
      } else left.push(work);
      for (const name of work.names) claimed.add(name);
    }
    this.#waiting = left;
    for (const batch of own) this.#start(batch);
    if (shared.length > 0) this.#start(shared);
  }

  #start(batch: W[]): void {
    const shares = batch[0]!.shares;
    for (const work of batch) for (const name of work.names) this.#busy.add(name);
    if (shares) this.#sharedInFlight += 1;
    else this.#ownInFlight += 1;
    void this.#run(batch).then((leftOver) => {
      for (const work of batch) for (const name of work.names) this.#busy.delete(name);
      if (shares) this.#sharedInFlight -= 1;
      else this.#ownInFlight -= 1;
      this.#waiting = [...leftOver, ...this.#waiting];
      this.#startBatches();
      if (this.#isIdle()) for (const resolve of this.#onIdle.splice(0)) resolve();
    });
  }
}
