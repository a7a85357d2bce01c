import type { PartitionPuller, PulledRecord } from '@sluice/messaging';
import type { Logger } from '@sluice/platform';
import { SourceLost } from '../partition/batch-reader.js';
import { PresentRun } from './present-run.js';
import { RangeRun } from './range-run.js';
import type { ReplayParts } from './replay-parts.js';
import type { ReplayPart, ReplayRun, ReplaySlice } from './slice.js';

/** How soon a worker sees that a replay was started, held or given up. */
const LOOK_MS = 1_000;
/** Source events of one slice: what a live change that comes meanwhile waits for is small. */
const MAX_SLICE = 200;
/** A slice gathers for so long: one commit for what the rate allows meanwhile. */
const SLICE_EVERY_MS = 100;
/** Between two pieces of the work that comes before the first slice. */
const PREPARE_EVERY_MS = 5;
/** After trouble with a replay; live traffic goes on meanwhile. */
const TRY_AGAIN_MS = 5_000;

interface Running {
  run: ReplayRun;
  part: ReplayPart;
  /** How many source events may be taken now; grows with time up to what a second allows. */
  allowance: number;
  countedAt: number;
  /** Set aside after trouble. */
  restsUntil: number;
}

/** Ends replays whose lanes are all done. */
export interface ReplayEnds {
  finishDone(): Promise<void>;
}

/**
 * The replays of a worker's partition. Between two live batches it does one bounded piece of work, and hands out a slice
 * when the plan's rate allows one.
 */
export class ReplayWork {
  readonly #running = new Map<string, Running>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #ready: ReplaySlice | undefined;
  #preparing = false;

  constructor(
    private readonly lane: number,
    private readonly puller: PartitionPuller,
    private readonly parts: ReplayParts,
    private readonly ends: ReplayEnds,
    private readonly logger: Logger,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** How long the worker may wait for live traffic before there is something to do here, ms. */
  get idleMs(): number {
    if (this.#ready !== undefined) return 0;
    if (this.#preparing) return PREPARE_EVERY_MS;
    let least = LOOK_MS;
    for (const { part, allowance, restsUntil } of this.#running.values()) {
      const due = Math.max(((sliceOf(part) - allowance) * 1_000) / part.rate, restsUntil - this.clock());
      least = Math.min(least, due);
    }
    return Math.max(0, Math.ceil(least));
  }

  /**
   * The slice to decide with the next batch. It stays the same until `taken`, unless its replay is held or given up.
   * @param decidedUntil the partition's next offset of registry.events
   */
  async next(decidedUntil: bigint): Promise<ReplaySlice | undefined> {
    const due = this.#ready !== undefined || [...this.#running.values()].some((one) => this.#allow(one));
    // Before each slice, so that a hold counts at once; otherwise now and then.
    if (due || this.clock() - this.#lookedAt >= LOOK_MS) await this.#look();
    if (this.#ready !== undefined) return this.#ready;
    this.#preparing = false;
    for (const [replay, one] of this.#running) {
      if (!this.#allow(one)) continue;
      const prepared = await this.#prepare(replay, one, decidedUntil);
      if (prepared !== 'ready') {
        this.#preparing ||= prepared === 'preparing';
        continue;
      }
      this.#ready = one.run.take(Math.min(MAX_SLICE, Math.floor(one.allowance)));
      one.allowance -= this.#ready.entries.length;
      // To the end of the line: plans take turns.
      this.#running.delete(replay);
      this.#running.set(replay, one);
      return this.#ready;
    }
    return undefined;
  }

  /** Changes that are being decided: they overtake what a replay would have sent as present. */
  decided(records: readonly PulledRecord[], from: bigint): void {
    for (const { run } of this.#running.values()) if (run instanceof PresentRun) run.decided(records, from);
  }

  /** The slice is committed. */
  async taken(slice: ReplaySlice): Promise<void> {
    this.#ready = undefined;
    if (!slice.done) return;
    this.#running.delete(slice.replay);
    await this.ends.finishDone();
  }

  /** A replay that fails is no reason to hold up live traffic: it is begun again later, from what is committed. */
  async #prepare(replay: string, one: Running, decidedUntil: bigint): Promise<'ready' | 'preparing' | 'resting'> {
    try {
      return (await one.run.prepare(decidedUntil)) ? 'ready' : 'preparing';
    } catch (err) {
      this.logger.warn({ err, replay, lane: this.lane }, 'a replay failed and is tried again');
      const trouble = err instanceof SourceLost ? err.message : 'it failed and is tried again; the log says more';
      await this.parts.troubled(replay, this.lane, trouble);
      const next = one.run.next;
      this.#running.set(replay, {
        ...this.#begin({ ...one.part, next }),
        restsUntil: this.clock() + TRY_AGAIN_MS,
      });
      return 'resting';
    }
  }

  async #look(): Promise<void> {
    this.#lookedAt = this.clock();
    const { any, parts } = await this.parts.running(this.lane);
    // A worker can have died after its last slice, or the replay can have had nothing to do.
    if (any && parts.length === 0) await this.ends.finishDone();
    const present = new Set(parts.map(({ replay }) => replay));
    for (const replay of this.#running.keys()) if (!present.has(replay)) this.#running.delete(replay);
    if (this.#ready !== undefined && !present.has(this.#ready.replay)) this.#ready = undefined;
    for (const part of parts) {
      if (this.#running.has(part.replay)) continue;
      this.#running.set(part.replay, this.#begin(part));
    }
  }

  #begin(part: ReplayPart): Running {
    const now = this.clock();
    return { run: this.#runOf(part), part, allowance: sliceOf(part), countedAt: now, restsUntil: now };
  }

  #runOf(part: ReplayPart): ReplayRun {
    const Run = part.kind === 'range' ? RangeRun : PresentRun;
    return new Run(part, this.lane, this.parts, this.puller);
  }

  /** Lets the allowance grow; answers whether it is enough for a slice. */
  #allow(one: Running): boolean {
    const now = this.clock();
    const most = Math.max(1, one.part.rate);
    one.allowance = Math.min(most, one.allowance + ((now - one.countedAt) * one.part.rate) / 1_000);
    one.countedAt = now;
    return one.allowance >= sliceOf(one.part) && now >= one.restsUntil;
  }
}

/** Source events for which it is worth to commit. */
function sliceOf({ rate }: ReplayPart): number {
  return Math.min(MAX_SLICE, Math.max(1, (rate * SLICE_EVERY_MS) / 1_000));
}
