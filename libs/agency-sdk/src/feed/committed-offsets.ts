import type { Consumer } from 'kafkajs';

/**
 * A commit for every batch, of which each lane has some at every moment, was a third of all that the broker was asked at
 * 500 changes a second.
 */
const COMMIT_EVERY_MS = 1_000;

/**
 * Tells the group how far the feed was applied, now and then. Only for the centre to see how far this agency is behind:
 * it resumes from its own positions, so a commit that fails is no trouble, and the next one says more.
 */
export class CommittedOffsets {
  readonly #pending = new Map<number, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly consumer: Consumer,
    private readonly topic: string,
  ) {}

  /** `offset` is the last one applied. */
  applied(lane: number, offset: string): void {
    this.#pending.set(lane, String(BigInt(offset) + 1n));
    this.#timer ??= setTimeout(() => void this.commit(), COMMIT_EVERY_MS);
  }

  /** After a rebalance: lanes that another holds now are its to commit. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending.clear();
  }

  /** Commits what has not been yet. Never rejects. */
  async commit(): Promise<void> {
    const offsets = [...this.#pending].map(([partition, offset]) => ({ topic: this.topic, partition, offset }));
    this.forget();
    if (offsets.length > 0) await this.consumer.commitOffsets(offsets).catch(() => {});
  }
}
