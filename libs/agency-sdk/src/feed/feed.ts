import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../errors.js';
import { Backoff } from '../retry/backoff.js';
import { BlockReader } from './block-reader.js';
import { groupIdOf, type SluiceFeedOptions } from './feed-options.js';
import { FeedSession } from './feed-session.js';

const START_TRIES = 3;

/**
 * An agency's feed: decrypts, checks sequence and chain, drops repeats, and hands each delivery to `onEvent` in order, or to
 * `onReplay` what is sent once more.
 * It resumes where its positions say, and repairs lost connections by itself.
 */
export class SluiceFeed {
  readonly #options: SluiceFeedOptions;
  readonly #reader: BlockReader;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  /** @throws {SluiceError} `options-invalid`, `private-key-unusable` */
  constructor(options: SluiceFeedOptions) {
    groupIdOf(options);
    this.#options = options;
    this.#reader = new BlockReader(options);
  }

  /**
   * Resolves when the group is joined; from then on the feed looks after itself.
   * @throws {SluiceError} the reason why it cannot begin: `token-unavailable`, `token-refused`, `feed-not-allowed`,
   *   `feed-missing`, `broker-unreachable`
   */
  async start(): Promise<void> {
    if (this.#running !== undefined) throw new SluiceError('options-invalid', 'a feed is started once');
    const session = await this.#begin();
    this.#running = this.#supervise(session);
  }

  /** Resolves when the deliveries in hand are handled and their positions saved. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** A broker that has just started answers that it is still loading its groups: that is no reason to give up. */
  async #begin(): Promise<FeedSession> {
    const backoff = new Backoff();
    for (let tries = 1; ; tries++) {
      try {
        return await FeedSession.open(this.#options, this.#reader);
      } catch (error) {
        const passing = error instanceof SluiceError && error.code === 'broker-unreachable';
        if (!passing || tries === START_TRIES) throw error;
        await delay(backoff.next());
      }
    }
  }

  async #supervise(first: FeedSession): Promise<void> {
    const backoff = new Backoff();
    const { signal } = this.#stopping;
    let session: FeedSession | undefined = first;
    for (;;) {
      if (session !== undefined) {
        backoff.reset();
        const fault = await Promise.race([session.ended, aborted(signal)]);
        await session.close();
        if (fault !== undefined) this.#options.onFault(fault);
      }
      await Promise.race([delay(backoff.next(), undefined, { ref: false }), aborted(signal)]);
      if (signal.aborted) return;
      session = await FeedSession.open(this.#options, this.#reader).catch((error: SluiceError) => {
        this.#options.onFault(error);
        return undefined;
      });
    }
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
