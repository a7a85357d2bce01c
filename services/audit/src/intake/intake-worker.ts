import { setTimeout as sleep } from 'node:timers/promises';
import { type KafkaConnection, PartitionPuller, type Pulled } from '@sluice/messaging';
import { Turns } from '@sluice/platform';
import type { Alarm } from '../domain/alarm.js';
import type { Head } from '../domain/ledger-continuity.js';
import { HistoryColumns } from './history-columns.js';
import { IntakeBatch, type Standing } from './intake-batch.js';
import type { IntakeProgress } from './intake-progress.js';
import type { Claim, IntakeStore, LogPositions, Position } from './intake-store.js';
import { RecordDigest } from './record-digest.js';
import { historyTopics, type IntakeTopics } from './topics.js';

/** Of each topic's partition at once: bounds the memory, and how long a pull holds up the event loop. */
const MAX_PULL_BYTES = 1024 * 1024;
/** The broker answers as soon as there is something; a worker that has to stop waits for that no longer than this. */
const PULL_WAIT_MS = 1_000;
/**
 * Between pulls, unless one was full: histories may be late by so much, and what comes meanwhile shares one
 * transaction (at 10,000 changes/s that is a fifth of the commits, and of their cost).
 */
const PACE_MS = 150;

/** Partitions that catch up do so two at a time: six at once made 340 MB of the process, two make 260, no slower. */
const CATCHING_UP_AT_ONCE = 2;

export interface IntakeWorkerOptions {
  connection: KafkaConnection;
  topics: IntakeTopics;
  store: IntakeStore;
  progress: IntakeProgress;
  shared: SharedTools;
}

/** What the workers of one process have together. */
export class SharedTools {
  readonly digests = new RecordDigest();
  readonly turns = new Turns(CATCHING_UP_AT_ONCE);
}

/** Takes in one partition of the topics that histories are made of: pull, digest, store, again. Work on it is serial. */
export class IntakeWorker implements Standing {
  readonly #epoch: number;
  readonly #history = new HistoryColumns();
  readonly positions: Map<string, Position>;
  readonly logs: LogPositions;
  readonly lanes: Map<string, Head>;
  ledger: Head;
  /** Topics whose missing records were reported. */
  readonly #missing = new Set<string>();

  private constructor(
    private readonly partition: number,
    private readonly options: IntakeWorkerOptions,
    { epoch, positions, logs, ledger, lanes }: Claim,
  ) {
    this.#epoch = epoch;
    this.positions = positions;
    this.logs = logs;
    this.ledger = ledger;
    this.lanes = lanes;
  }

  /**
   * Claims the partition and works on it until `signal`. Rejects where the partition was lost to another worker or the
   * database failed: what is in memory is then worth nothing, and one begins again with a claim.
   */
  static async run(partition: number, signal: AbortSignal, options: IntakeWorkerOptions): Promise<void> {
    const puller = new PartitionPuller(options.connection);
    try {
      const claim = await options.store.claim(partition, historyTopics(options.topics));
      await new IntakeWorker(partition, options, claim).#work(puller, signal);
    } finally {
      await puller.close();
    }
  }

  async #work(puller: PartitionPuller, signal: AbortSignal): Promise<void> {
    let catchingUp = true;
    while (!signal.aborted) {
      const batch: IntakeBatch = catchingUp
        ? await this.options.shared.turns.take(() => this.#pull(puller, 0))
        : await this.#pull(puller, PULL_WAIT_MS);
      if (signal.aborted) return;
      await this.#store(batch);
      catchingUp = batch.isCut;
      const waited = batch.isWhole && batch.records.length === 0;
      if (!catchingUp && !waited) await sleep(PACE_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Lets go of what was pulled before the database works. */
  async #pull(puller: PartitionPuller, maxWaitMs: number): Promise<IntakeBatch> {
    return this.#read(await puller.pull(this.#wants(), { maxWaitMs }));
  }

  #wants() {
    return [...this.positions].map(([topic, { offset }]) => ({
      topic,
      partition: this.partition,
      offset,
      maxBytes: MAX_PULL_BYTES,
    }));
  }

  async #read(pulled: readonly Pulled[]): Promise<IntakeBatch> {
    const batch = new IntakeBatch(this.partition, this.options.topics, this, {
      history: this.#history,
      digests: this.options.shared.digests,
      ledgerDigest: (sequence) => this.options.store.ledgerDigest(this.partition, sequence),
    });
    for (const answer of pulled) {
      if (answer.error === undefined) {
        await batch.take(answer);
        continue;
      }
      batch.isWhole = false;
      if (answer.error === 'out-of-range' && !this.#missing.has(answer.topic)) batch.alarms.push(this.#miss(answer));
    }
    return batch;
  }

  async #store(batch: IntakeBatch): Promise<void> {
    if (batch.records.length > 0 || batch.alarms.length > 0) {
      await this.options.store.take(this.partition, this.#epoch, batch);
    }
    for (const { topic, nextOffset, link } of batch.records) this.positions.set(topic, { offset: nextOffset, link });
    for (const { topic, source, last } of batch.logs.all()) this.logs.set(topic, source, last);
    for (const [agency, head] of batch.lanes) this.lanes.set(agency, head);
    this.ledger = batch.ledger;
    this.options.progress.advanced(this.partition, batch);
  }

  /** Nothing is skipped by itself: what the log lacks, a person has to look into. */
  #miss({ topic }: Pulled): Alarm {
    this.#missing.add(topic);
    const { offset } = this.positions.get(topic)!;
    const place = `${topic}/${this.partition}`;
    return { kind: 'records-missing', place, expected: `offset ${offset}`, found: 'outside of what Kafka holds' };
  }
}
