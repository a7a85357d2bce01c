import { LRUCache } from 'lru-cache';
import type { Append } from './decide.js';
import type { CurrentState } from './types.js';

/**
 * Where streams stood after their last commit here, with what its decision left (`Outcome.memo`), so that the next one
 * needs neither a load nor the opening of a state. Another instance may have gone on since: an append finds that out by
 * its expected version, and a decision that appends nothing is confirmed before it is believed.
 */
export class StreamMemory {
  readonly #streams: LRUCache<string, CurrentState>;

  /** `max`: streams. */
  constructor(max: number) {
    this.#streams = new LRUCache({ max });
  }

  recall(stream: string): CurrentState | undefined {
    return this.#streams.get(stream);
  }

  /** After their commit. */
  remember(appends: readonly Append[]): void {
    for (const { command, version, events, memo } of appends) {
      if (memo === undefined) this.#streams.delete(command.stream);
      else this.#streams.set(command.stream, { version: version + events.length, state: null, memo });
    }
  }

  forget(streams: Iterable<string>): void {
    for (const stream of streams) this.#streams.delete(stream);
  }
}
