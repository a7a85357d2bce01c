import type { PartitionPuller } from '@sluice/messaging';
import { readSourcesAgain } from '../partition/read-sources-again.js';
import type { ReplayParts } from './replay-parts.js';
import type { ReplayEntry, ReplayPart, ReplayRun, ReplaySlice } from './slice.js';

/** Deliveries that are looked up and read again at once. */
const READ_AHEAD = 200;

/** Sends a range of a lane once more: the ledger tells what was delivered, Kafka holds the events it was about. */
export class RangeRun implements ReplayRun {
  #next: bigint;
  #ahead: (ReplayEntry & { sequence: number })[] = [];

  constructor(
    private readonly part: ReplayPart,
    private readonly lane: number,
    private readonly parts: ReplayParts,
    private readonly puller: PartitionPuller,
  ) {
    this.#next = part.next;
  }

  get next(): bigint {
    return this.#next;
  }

  async prepare(): Promise<boolean> {
    if (this.#ahead.length > 0 || this.#next >= this.part.ends) return true;
    const { agency, ends } = this.part;
    const deliveries = await this.parts.deliveries(agency, this.lane, Number(this.#next), Number(ends), READ_AHEAD);
    const sources = deliveries.map(({ source }) => source);
    const read = await readSourcesAgain(sources, this.lane, this.puller);
    this.#ahead = deliveries.map(({ sequence, decision }, i) => ({ sequence, recorded: decision, source: read[i]! }));
    // The ledger is whole, so this does not happen; going on behind a hole would hide it.
    if (this.#ahead[0]?.sequence !== Number(this.#next)) {
      throw new Error(`the ledger does not hold ${agency}/${this.lane}#${this.#next}`);
    }
    return true;
  }

  take(most: number): ReplaySlice {
    const taken = this.#ahead.splice(0, most);
    this.#next += BigInt(taken.length);
    const { replay, agency, ends } = this.part;
    return { replay, agency, entries: taken, next: this.#next, done: this.#next >= ends };
  }
}
