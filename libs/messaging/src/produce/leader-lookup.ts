import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster.js';
import { MessagingError } from '../errors.js';

/** Topics, users and rights may be made a moment before all brokers know of them. */
export const PROVISIONING_GRACE_MS = 10_000;
const LOOK_AGAIN_MS = 100;

interface Observer {
  /** A topic's leaders have become known, or are worth asking for again. */
  found(): void;
  /** There is no use in waiting for this topic, or for one partition of it. */
  failed(topic: string, error: MessagingError, partition?: number): void;
}

/** Finds partitions' leaders in the background, one question at a time for each topic. */
export class LeaderLookup {
  readonly #cluster: Cluster;
  readonly #observer: Observer;
  readonly #asking = new Set<string>();
  readonly #refusedSince = new Map<string, number>();

  constructor(cluster: Cluster, observer: Observer) {
    this.#cluster = cluster;
    this.#observer = observer;
  }

  /** The leader as far as known; otherwise asks, and tells the observer. */
  of({ topic, partition }: { topic: string; partition: number }): number | undefined {
    const known = this.#cluster.topic(topic);
    if (known === undefined) {
      void this.#ask(topic);
      return undefined;
    }
    const leader = known.partitions[partition]?.leader;
    if (leader === undefined) {
      const error = new MessagingError('unknown-topic', `topic ${topic} has no partition ${partition}`);
      this.#observer.failed(topic, error, partition);
      return undefined;
    }
    if (leader >= 0) return leader;
    this.#cluster.forget(topic);
    void this.#ask(topic);
    return undefined;
  }

  async #ask(topic: string): Promise<void> {
    if (this.#asking.has(topic)) return;
    this.#asking.add(topic);
    try {
      await this.#cluster.refresh(topic);
      this.#refusedSince.delete(topic);
    } catch (error) {
      if (error instanceof MessagingError && !this.#mayHeal(topic, error)) {
        this.#refusedSince.delete(topic);
        this.#observer.failed(topic, error);
      }
      await sleep(LOOK_AGAIN_MS);
    }
    this.#asking.delete(topic);
    this.#observer.found();
  }

  #mayHeal(topic: string, error: MessagingError): boolean {
    if (error.code === 'unreachable') return true;
    if (error.code !== 'unknown-topic' && error.code !== 'not-authorised') return false;
    const since = this.#refusedSince.get(topic) ?? performance.now();
    this.#refusedSince.set(topic, since);
    return performance.now() - since < PROVISIONING_GRACE_MS;
  }
}
