import { type LogReader, MerkleLogError, WitnessClient, WitnessConflict } from '@sluice/merkle-log';
import { ownLine } from './cosignatures.js';
import type { Target } from './target.js';
import type { WitnessPlace } from './witness-config.js';

/** A witness that failed is left alone for this long at first, and then twice as long each time. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** A cosignature tells that the witness saw the log at a time: at rest it is asked for again after this. */
const RENEW_MS = 60_000;

/** What came of asking. */
export type Outcome =
  | { came: 'line'; line: string }
  | { came: 'failure'; why: string }
  | { came: 'conflict'; conflict: WitnessConflict };

/** One witness, with what it signed last and when it may be asked again. */
export class AskedWitness {
  readonly #client: WitnessClient;
  #failures = 0;
  /** Of `performance.now()`. */
  #notBefore = 0;
  #signed: { text: string; at: number } | undefined;
  #isBusy = false;

  constructor(readonly place: WitnessPlace) {
    this.#client = new WitnessClient(place.url);
  }

  get name(): string {
    return this.place.key.name;
  }

  /** Milliseconds until this target can be put to it; undefined while it is being asked. */
  dueIn({ text }: Target, now: number): number | undefined {
    if (this.#isBusy) return undefined;
    const renewal = this.#signed?.text === text ? this.#signed.at + RENEW_MS : 0;
    return Math.max(0, this.#notBefore - now, renewal - now);
  }

  /** Never rejects. */
  async ask(reader: LogReader, target: Target, signal: AbortSignal): Promise<Outcome> {
    this.#isBusy = true;
    try {
      const line = ownLine(target.text, await this.#client.cosign(reader, target.note, signal), this.place);
      if (line === undefined) return this.#failed({ came: 'failure', why: 'answered with a signature that is wrong' });
      this.#failures = 0;
      this.#signed = { text: target.text, at: performance.now() };
      return { came: 'line', line };
    } catch (error) {
      if (error instanceof WitnessConflict) return this.#failed({ came: 'conflict', conflict: error });
      const why = error instanceof MerkleLogError ? error.message : 'failed in an unforeseen way';
      return this.#failed({ came: 'failure', why });
    } finally {
      this.#isBusy = false;
    }
  }

  #failed(outcome: Outcome): Outcome {
    this.#notBefore = performance.now() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    return outcome;
  }
}
