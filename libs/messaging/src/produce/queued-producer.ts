import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../cluster.js';
import type { KafkaConnection } from '../connection.js';
import { MessagingError } from '../errors.js';
import { LeaderLookup, PROVISIONING_GRACE_MS } from './leader-lookup.js';
import { type Batch, PartitionQueue } from './partition-queue.js';
import { readAnswer } from './produce-answer.js';
import { newProducerId, produce } from './produce-request.js';
import type { OutgoingRecord, RecordProducer } from './record-producer.js';
import { SendCall } from './send-call.js';

/** As Java's `delivery.timeout.ms`: longer than a broker's restart or a leader's election takes. */
const GIVE_UP_MS = 120_000;
const FIRST_BACKOFF_MS = 20;
const LAST_BACKOFF_MS = 500;
/** Of one request. Larger ones gain nothing and hold up the connection. */
const REQUEST_BYTES = 8 * 1024 * 1024;
const CLOSE_GRACE_MS = 5_000;

export function createRecordProducer(connection: KafkaConnection): RecordProducer {
  return new QueuedProducer(connection);
}

/**
 * An idempotent producer over the client's connections: a queue for each partition and one request at a time
 * for each leading broker, which takes all that waits, so that load makes larger batches and not more requests.
 *
 * Not the client's own Producer (2.12), because under retry it (1) sends every record of a request to the leader of
 * the first one, (2) takes a new producer id after any error and so stores again what had been stored, and
 * (3) numbers concurrent sends in the order in which their metadata arrives.
 */
class QueuedProducer implements RecordProducer {
  readonly #cluster: Cluster;
  readonly #queues = new Map<string, PartitionQueue[]>();
  /** Queues with something to send and nothing on its way, longest waiting first. */
  readonly #ready = new Set<PartitionQueue>();
  readonly #calls = new Set<Promise<void>>();
  /** The request on its way to each broker. */
  readonly #requests = new Map<number, Promise<void>>();
  readonly #leaders: LeaderLookup;
  #producerId: bigint | undefined;
  #identifying = false;
  #scheduled = false;
  #wake: NodeJS.Timeout | undefined;
  /** Takes no more. */
  #closed = false;
  /** Sends no more. */
  #over = false;

  constructor(connection: KafkaConnection) {
    this.#cluster = new Cluster(connection);
    this.#leaders = new LeaderLookup(this.#cluster, {
      found: () => this.#schedule(),
      failed: (topic, error, partition) => this.#drop(topic, error, partition),
    });
  }

  send(records: OutgoingRecord[]): Promise<void> {
    if (this.#closed) return Promise.reject(new MessagingError('closed', 'the producer is closed'));
    const call = new SendCall(records);
    for (const record of records) {
      const queue = this.#queue(record.topic, record.partition);
      queue.push(record, call);
      if (queue.ready) this.#ready.add(queue);
    }
    this.#calls.add(call.promise);
    const settled = () => this.#calls.delete(call.promise);
    call.promise.then(settled, settled);
    this.#schedule();
    return call.promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.race([Promise.allSettled(this.#calls), sleep(CLOSE_GRACE_MS, undefined, { ref: false })]);
    this.#over = true;
    clearTimeout(this.#wake);
    await this.#cluster.close();
    await Promise.all(this.#requests.values());
    const error = new MessagingError('closed', 'the producer was closed');
    for (const topic of this.#queues.keys()) this.#drop(topic, error);
  }

  #queue(topic: string, partition: number): PartitionQueue {
    let queues = this.#queues.get(topic);
    if (!queues) {
      queues = [];
      this.#queues.set(topic, queues);
    }
    queues[partition] ??= new PartitionQueue(topic, partition);
    return queues[partition];
  }

  /** After the current tick, so that calls made together go out together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#over || this.#ready.size === 0) return;
    const now = performance.now();
    this.#dropStuck(GIVE_UP_MS);
    if (this.#producerId === undefined) {
      this.#identify();
      return;
    }
    const perLeader = new Map<number, PartitionQueue[]>();
    let wakeAt = Number.POSITIVE_INFINITY;
    for (const queue of this.#ready) {
      if (queue.notBefore > now) {
        wakeAt = Math.min(wakeAt, queue.notBefore);
        continue;
      }
      const leader = this.#leaders.of(queue);
      if (leader === undefined || this.#requests.has(leader)) continue;
      const queues = perLeader.get(leader);
      if (queues) queues.push(queue);
      else perLeader.set(leader, [queue]);
    }
    for (const [leader, queues] of perLeader) this.#request(leader, queues, this.#producerId);
    clearTimeout(this.#wake);
    if (wakeAt < Number.POSITIVE_INFINITY) this.#wake = setTimeout(() => this.#pump(), wakeAt - now + 1);
  }

  #request(leader: number, queues: PartitionQueue[], producerId: bigint): void {
    const batches: Batch[] = [];
    let bytes = 0;
    for (const queue of queues) {
      if (bytes >= REQUEST_BYTES) break;
      const batch = queue.take(producerId);
      this.#ready.delete(queue);
      batches.push(batch);
      bytes += batch.bytes.length;
    }
    this.#requests.set(leader, this.#exchange(leader, batches, producerId));
  }

  async #exchange(leader: number, batches: Batch[], producerId: bigint): Promise<void> {
    let codes: Map<string, number> | undefined;
    try {
      codes = await produce(await this.#cluster.connectionTo(leader), batches);
    } catch {
      // No answer; why does not matter, because every batch goes again unchanged until it is given up.
    }
    this.#requests.delete(leader);
    for (const batch of batches) {
      const { queue } = batch;
      this.#settle(batch, codes?.get(`${queue.topic}/${queue.partition}`), producerId);
      if (queue.ready) this.#ready.add(queue);
    }
    this.#pump();
  }

  #settle(batch: Batch, code: number | undefined, producerId: bigint): void {
    const { queue } = batch;
    const answer = code === undefined ? undefined : readAnswer(code, queue.topic);
    switch (answer?.kind) {
      case 'stored':
        queue.stored(batch);
        break;
      case 'refused':
        queue.refused(batch, answer.reason);
        break;
      case 'rejected':
        queue.rejected(batch, answer.error);
        break;
      case 'sequence-lost':
        queue.renumber(batch, producerId);
        backOff(queue);
        break;
      default:
        // No answer, or one that passes: perhaps another broker leads by now.
        this.#cluster.forget(queue.topic);
        queue.unanswered(batch);
        backOff(queue);
    }
  }

  #identify(): void {
    if (this.#identifying) return;
    this.#identifying = true;
    this.#cluster
      .anyConnection()
      .then(newProducerId)
      .then((producerId) => {
        this.#producerId = producerId;
      })
      .catch((error: unknown) => {
        if (error instanceof MessagingError && error.code === 'not-authorised') {
          this.#dropStuck(PROVISIONING_GRACE_MS, error);
        }
        return sleep(LAST_BACKOFF_MS);
      })
      .finally(() => {
        this.#identifying = false;
        this.#pump();
      });
  }

  #dropStuck(longerThanMs: number, cause?: MessagingError): void {
    const before = performance.now() - longerThanMs;
    for (const queue of this.#ready) {
      if (queue.stuckSince >= before) continue;
      this.#ready.delete(queue);
      queue.drop(cause ?? new MessagingError('unreachable', 'no broker took the records in time'));
    }
  }

  /** Gives up on what waits for a topic, or for one partition of it. */
  #drop(topic: string, error: MessagingError, partition?: number): void {
    for (const queue of this.#queues.get(topic) ?? []) {
      if (queue === undefined || (partition !== undefined && queue.partition !== partition)) continue;
      queue.drop(error);
      this.#ready.delete(queue);
    }
  }
}

function backOff(queue: PartitionQueue): void {
  queue.notBefore = performance.now() + Math.min(FIRST_BACKOFF_MS * 2 ** queue.failures, LAST_BACKOFF_MS);
  queue.failures++;
}
