import { setTimeout as sleep } from 'node:timers/promises';
import { protocolErrorsCodesById } from '@platformatic/kafka';
import { Cluster } from '../cluster.js';
import type { KafkaConnection } from '../connection.js';
import { MessagingError } from '../errors.js';
import { type FetchedPartition, fetchPartitions } from './fetch-request.js';
import { type HeaderPair, ReadRecord, readBatches } from './record-batch-reader.js';

export interface PulledRecord {
  readonly offset: bigint;
  readonly key: Buffer | null;
  /** Empty for a tombstone. */
  readonly value: Buffer;
  /** As on the wire, undecoded and in order; made when first read: see `headerOf`. */
  readonly headers: readonly HeaderPair[];
  /** Unix time in ms as the producer wrote it. */
  readonly timestamp: bigint;
  /**
   * From its key on, just as it lies in the topic (message format 2): varint length (-1: none) and bytes of the key, the
   * same of the value, varint count of headers, and of each the name and the value in the same way.
   */
  readonly body: Buffer;
}

/** One header's value (the last of that name): of a record that was pulled, cheaper than looking through `headers`. */
export function headerOf(record: PulledRecord, name: Buffer): Buffer | undefined {
  if (record instanceof ReadRecord) return record.header(name);
  return record.headers.findLast(([given]) => given.equals(name))?.[1];
}

/** One partition's part of an answer. Its buffers are views of the whole answer: copy what is kept for long. */
export interface Pulled {
  topic: string;
  partition: number;
  /** In offset order, none below the offset asked for. */
  records: readonly PulledRecord[];
  /** Where to go on: after the last record read, or the offset asked for. */
  nextOffset: bigint;
  /** The offset after the last committed record, read at the same moment as the records; -1 with an error. */
  highWatermark: bigint;
  /** The lowest offset the broker still has; -1 with an error. */
  logStart: bigint;
  error?: PullError;
}

/**
 * `retry`: ask again, it heals (the pull has already waited a little).
 * `out-of-range`: the offset is below what the broker still has, or beyond the end.
 */
export type PullError = 'retry' | 'out-of-range' | 'unknown-topic' | 'not-authorised';

export interface PullWant {
  topic: string;
  partition: number;
  offset: bigint;
  /** Raised to the largest batch a broker takes, except for the first want: a smaller limit could never be met. */
  maxBytes: number;
}

export interface PullOptions {
  /** How long the broker waits for `minBytes` (default 1). */
  maxWaitMs: number;
  minBytes?: number;
}

/** `max.message.bytes` of the topics, with the batch's own head. */
const LARGEST_BATCH_BYTES = 1024 * 1024 + 64;
/** So that a caller in a loop does not spin while a broker restarts. */
const RETRY_DELAY_MS = 100;

/**
 * Fetches exactly what it is asked for, over connections of its own: a fetch that waits holds up its connection.
 *
 * What one broker leads is read in one request, in the order of the wants. Partitions of other brokers are read after
 * that answer has come. So what is named later was read later: name changes first and stops last, and no stop that was
 * published before one of the changes is missed. One pull at a time; MUST NOT be called again before it settled.
 */
export class PartitionPuller {
  readonly #cluster: Cluster;
  #closed = false;

  constructor(connection: KafkaConnection) {
    this.#cluster = new Cluster(connection);
  }

  /** Answers for every want, in their order. Rejects only when closed. */
  async pull(wants: readonly PullWant[], { maxWaitMs, minBytes = 1 }: PullOptions): Promise<Pulled[]> {
    const answers = new Map<PullWant, Pulled>();
    const perLeader = new Map<number, PullWant[]>();
    for (const want of wants) {
      const leader = await this.#leader(want);
      if (typeof leader === 'number') perLeader.set(leader, [...(perLeader.get(leader) ?? []), want]);
      else answers.set(want, failed(want, leader.error));
    }
    let first = true;
    for (const [leader, ofLeader] of perLeader) {
      const limits = first ? { maxWaitMs, minBytes } : { maxWaitMs: 0, minBytes: 0 };
      for (const [want, answer] of await this.#fetch(leader, ofLeader, limits, first)) answers.set(want, answer);
      first = false;
    }
    if (this.#closed) throw new MessagingError('closed', 'the puller is closed');
    const pulled = wants.map((want) => answers.get(want)!);
    if (pulled.some(({ error }) => error === 'retry')) await sleep(RETRY_DELAY_MS);
    return pulled;
  }

  /** A pull under way rejects with `closed`. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#cluster.close();
  }

  async #leader({ topic, partition }: PullWant): Promise<number | { error: PullError }> {
    try {
      const { partitions } = this.#cluster.topic(topic) ?? (await this.#cluster.refresh(topic));
      const leader = partitions[partition]?.leader;
      if (leader === undefined) return { error: 'unknown-topic' };
      if (leader >= 0) return leader;
      this.#cluster.forget(topic);
      return { error: 'retry' };
    } catch (error) {
      const code = error instanceof MessagingError ? error.code : undefined;
      return { error: code === 'unknown-topic' || code === 'not-authorised' ? code : 'retry' };
    }
  }

  async #fetch(
    leader: number,
    wants: readonly PullWant[],
    limits: { maxWaitMs: number; minBytes: number },
    first: boolean,
  ): Promise<Map<PullWant, Pulled>> {
    const requests = wants.map(({ topic, partition, offset, maxBytes }, index) => ({
      topicId: this.#cluster.topic(topic)?.id ?? '',
      partition,
      offset,
      // The broker sends the first partition's first batch whatever its size, but no later one over its limit.
      maxBytes: first && index === 0 ? maxBytes : Math.max(maxBytes, LARGEST_BATCH_BYTES),
    }));
    let fetched: Map<string, FetchedPartition> | undefined;
    try {
      fetched = await fetchPartitions(await this.#cluster.connectionTo(leader), requests, limits);
    } catch {
      // No answer: every want is told to retry, and its leader looked up again.
    }
    return new Map(
      wants.map((want, index) => {
        const answer = fetched?.get(`${requests[index]!.topicId}/${want.partition}`);
        return [want, this.#read(want, answer)];
      }),
    );
  }

  #read(want: PullWant, answer: FetchedPartition | undefined): Pulled {
    const code = answer && protocolErrorsCodesById[answer.errorCode];
    if (answer && answer.errorCode === 0) {
      const { highWatermark, logStart, batches } = answer;
      const { topic, partition } = want;
      return { topic, partition, ...readBatches(batches, want.offset), highWatermark, logStart };
    }
    if (code === 'OFFSET_OUT_OF_RANGE') return failed(want, 'out-of-range');
    if (code === 'TOPIC_AUTHORIZATION_FAILED') return failed(want, 'not-authorised');
    this.#cluster.forget(want.topic);
    return failed(want, 'retry');
  }
}

function failed({ topic, partition, offset }: PullWant, error: PullError): Pulled {
  return { topic, partition, records: [], nextOffset: offset, highWatermark: -1n, logStart: -1n, error };
}
