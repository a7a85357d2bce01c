import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer, type GroupOptions } from '@platformatic/kafka';
import { clientOptions, type KafkaConnection } from '../connection.js';
import { assignByPartition } from './co-partition-assigner.js';
import { OwnedPartitions } from './owned-partitions.js';

export interface PartitionGroupOptions {
  connection: KafkaConnection;
  groupId: string;
  /** Co-partitioned topics: partition p of all of them belongs to one member. */
  topics: string[];
  /**
   * Runs while the partition is owned. MUST return promptly once the signal is aborted, at the latest within the
   * session timeout: the group does not wait longer before it gives the partition to another member.
   */
  own: (partition: number, signal: AbortSignal) => Promise<void>;
  observe?: PartitionGroupObserver;
}

export interface PartitionGroupObserver {
  /** The member's partitions after they changed, ascending. */
  assigned(partitions: number[]): void;
  /** `own` or the group's protocol failed; both are begun again. */
  failed(error: unknown): void;
}

/** A member that the group has not heard of for so long is taken for dead. */
export const SESSION_TIMEOUT_MS = 10_000;
/** Rebalances are heard of by heartbeat: a partition changes hands in about twice this. */
const HEARTBEAT_MS = 500;
/** Before the group takes a silent member for dead, the member itself does. */
const LEASE_MS = SESSION_TIMEOUT_MS - 1_000;
const LEASE_CHECK_MS = 250;
const JOIN_AGAIN_MS = 1_000;
const CLOSE_TIMEOUT_MS = 3_000;

/**
 * Shares the partitions of co-partitioned topics among the running members of a group, each owned by one.
 * Members keep their partitions while others come and go, as far as the balance allows; a partition changes hands only
 * after `own` has returned. A member that was paused or cut off for longer than the session timeout may find itself
 * owning what another owns already, until it hears of it (it is aborted as soon as it runs again): effects MUST check
 * an epoch of their own.
 */
export class PartitionGroup {
  readonly #options: PartitionGroupOptions;
  readonly #owned: OwnedPartitions;
  #consumer: Consumer | undefined;
  /** When the group last heard of this member for certain; in ms of `performance.now()`. */
  #heardAt = 0;
  #heartbeatSentAt = 0;
  #lease: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();
  #reported = '';

  constructor(options: PartitionGroupOptions) {
    this.#options = options;
    this.#owned = new OwnedPartitions(options.own, (error) => this.#failed(error));
  }

  /** Partitions this member may work on now, ascending. */
  get owned(): number[] {
    return this.#owned.running;
  }

  start(): void {
    if (this.#running) return;
    this.#lease = setInterval(() => this.#checkLease(), LEASE_CHECK_MS);
    this.#running = this.#run();
  }

  /** Aborts and awaits every owner, then leaves the group, so that others take over at once. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#lease);
    await this.#running;
  }

  /** One membership after the other: whatever breaks one, the next begins with a clean client. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#member(signal).catch((error: unknown) => this.#failed(error));
      if (!signal.aborted) await sleep(JOIN_AGAIN_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Resolves when stopped, rejects when the membership is lost for good. */
  async #member(signal: AbortSignal): Promise<void> {
    const { connection, groupId, topics } = this.#options;
    const consumer = new Consumer({ ...clientOptions(connection), groupId, retries: 5, retryDelay: 200 });
    this.#consumer = consumer;
    const over = Promise.withResolvers<void>();
    // It may be rejected again while leaving, when nobody awaits it any more.
    over.promise.catch(() => {});
    consumer.on('error', over.reject);
    consumer.on('consumer:heartbeat:start', () => {
      this.#heartbeatSentAt = performance.now();
    });
    consumer.on('consumer:heartbeat:end', () => {
      this.#heardAt = this.#heartbeatSentAt;
      this.#adopt();
    });
    consumer.on('consumer:group:join', () => {
      this.#heardAt = performance.now();
      this.#adopt();
    });
    const stopped = () => over.resolve();
    signal.addEventListener('abort', stopped);
    try {
      consumer.topics.trackAll(...topics);
      await Promise.race([consumer.joinGroup(this.#groupOptions()), over.promise]);
      await over.promise;
    } finally {
      signal.removeEventListener('abort', stopped);
      await this.#leave(consumer);
    }
  }

  #groupOptions(): GroupOptions {
    return {
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      protocols: [{ name: 'cooperative-sticky', version: 3 }],
      partitionAssigner: assignByPartition,
      // Called before every JoinGroup: the only place where the client waits for us. What was revoked has really
      // ended before this member tells the group what it still owns.
      protocolsMetadata: async () => {
        await this.#owned.keepOnly(this.#assigned());
        this.#report();
        return Buffer.alloc(0);
      },
    };
  }

  /** What the group gave us, if we may believe that it still does. */
  #assigned(): Set<number> {
    return new Set(this.#consumer?.assignments?.flatMap(({ partitions }) => partitions));
  }

  #adopt(): void {
    if (this.#stop.signal.aborted) return;
    void this.#owned.set(this.#assigned());
    this.#report();
  }

  /** A member that was paused or cut off ends its work by itself; the next heartbeat that succeeds begins it again. */
  #checkLease(): void {
    if (performance.now() - this.#heardAt < LEASE_MS || this.#owned.running.length === 0) return;
    void this.#owned.set([]);
    this.#report();
  }

  async #leave(consumer: Consumer): Promise<void> {
    await this.#owned.set([]);
    this.#report();
    this.#consumer = undefined;
    // Without a broker to tell, leaving would take as long as its retries; the group then learns by the session timeout.
    const left = Promise.resolve(consumer.leaveGroup(true)).catch(() => {});
    await Promise.race([left, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    await Promise.race([consumer.close(true).catch(() => {}), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
  }

  #report(): void {
    const owned = this.owned;
    if (owned.join() === this.#reported) return;
    this.#reported = owned.join();
    this.#options.observe?.assigned(owned);
  }

  #failed(error: unknown): void {
    this.#options.observe?.failed(error);
  }
}
