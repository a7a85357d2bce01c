import { SluiceError } from '../errors.js';
import type { BlockReader, Delivery } from './block-reader.js';
import type { FeedRecord } from './block-record.js';
import type { FeedEvent, ReplayedEvent } from './events.js';
import { GapFound } from './gap.js';
import type { LanePosition, PositionStore } from './position.js';

/** What an agency does with its deliveries. */
export interface FeedHandlers {
  /**
   * Called for one delivery of a lane at a time, in order, and awaited; lanes run beside each other. When it throws, the
   * same delivery comes again after a pause and its lane waits.
   * @param position to be stored in the transaction of the effect, where effects must happen exactly once
   */
  onEvent(event: FeedEvent, position: LanePosition): void | Promise<void>;
  /**
   * Called instead of `onEvent`, in the same order and under the same rules, for a delivery that the centre sends once
   * more. What it says may have been overtaken by what `onEvent` was given since: compare `event.time` with that of what
   * you hold. Required, so that nobody takes an old value for a new one.
   */
  onReplay(event: ReplayedEvent, position: LanePosition): void | Promise<void>;
  /**
   * Decides what a gap means: `stop` (the default) halts the lane, `skip` accepts the loss and goes on behind it.
   */
  onGap?(gap: GapFound): 'stop' | 'skip' | Promise<'stop' | 'skip'>;
}

export interface LaneFollowerOptions {
  lane: number;
  reader: BlockReader;
  positions: PositionStore;
  handlers: FeedHandlers;
}

/** Follows one lane: hands on what is new, in order, and remembers how far it came. Not for concurrent use. */
export class LaneFollower {
  readonly #options: LaneFollowerOptions;
  #reached: LanePosition | undefined;
  /** What the store holds. Behind `#reached` while a block is under way, and after a save that failed. */
  #saved: LanePosition | undefined;

  private constructor(options: LaneFollowerOptions, position: LanePosition | undefined) {
    this.#options = options;
    this.#reached = position;
    this.#saved = position;
  }

  /** @throws {SluiceError} `position-store-failed` */
  static async resume(options: LaneFollowerOptions): Promise<LaneFollower> {
    const { lane, positions } = options;
    const position = await positions.load(lane).catch((cause) => {
      throw new SluiceError('position-store-failed', `the position of lane ${lane} could not be loaded`, { cause });
    });
    return new LaneFollower(options, position);
  }

  get position(): LanePosition | undefined {
    return this.#reached;
  }

  /**
   * Applies a record.
   * @param goesOn asked before each delivery; when it says no, the rest is left for the next time
   * @returns whether the whole record is applied
   * @throws {SluiceError} of the reader, `handler-failed`, `position-store-failed`. What was handled before stays so.
   */
  async follow(record: FeedRecord, goesOn: () => boolean): Promise<boolean> {
    try {
      for (const { event, position } of await this.#read(record)) {
        if (!goesOn()) return false;
        const handling = this.#handle(event, position);
        // Most handlers answer at once: to wait for each of a block's deliveries all the same costs more than to check it.
        if (handling !== undefined) await handling;
        this.#reached = position;
      }
      return true;
    } finally {
      await this.#save();
    }
  }

  async #read(record: FeedRecord): Promise<Delivery[]> {
    const { lane, reader, handlers } = this.#options;
    try {
      return await reader.read(lane, record, this.#reached);
    } catch (error) {
      if (!(error instanceof GapFound)) throw error;
      if ((await handlers.onGap?.(error)) !== 'skip') throw error;
      this.#reached = error.resume;
      return reader.read(lane, record, this.#reached);
    }
  }

  /** Undefined where the handler has done its work already. */
  #handle(event: FeedEvent, position: LanePosition): Promise<void> | undefined {
    const { handlers } = this.#options;
    try {
      const handling = isReplayed(event) ? handlers.onReplay(event, position) : handlers.onEvent(event, position);
      if (handling === undefined) return undefined;
      return Promise.resolve(handling).catch((cause) => {
        throw this.#failed(event, position, cause);
      });
    } catch (cause) {
      throw this.#failed(event, position, cause);
    }
  }

  #failed(event: FeedEvent, { sequence }: LanePosition, cause: unknown): SluiceError {
    const handler = isReplayed(event) ? 'onReplay' : 'onEvent';
    return new SluiceError('handler-failed', `${handler} failed on lane ${this.#options.lane} at ${sequence}`, {
      cause,
    });
  }

  async #save(): Promise<void> {
    const { lane, positions } = this.#options;
    const reached = this.#reached;
    if (reached === undefined || reached === this.#saved) return;
    await positions.save(reached).catch((cause) => {
      throw new SluiceError('position-store-failed', `the position of lane ${lane} could not be saved`, { cause });
    });
    this.#saved = reached;
  }
}

function isReplayed(event: FeedEvent): event is ReplayedEvent {
  return event.replay !== undefined;
}
