import { setTimeout as sleep } from 'node:timers/promises';
import { auditEvents, CHECKPOINT_PUBLISHED, type CheckpointPublished } from '@sluice/contracts';
import { endOffsets, type KafkaConnection, PartitionPuller, type PulledRecord } from '@sluice/messaging';
import type { Logger, Metrics, Readiness, ReadinessChecks } from '@sluice/platform';
import type { AuditGate } from './audit-gate.js';

/** Releases stop this long after the last checkpoint that arrived. Audit announces one every second or sooner. */
const CLOSES_AFTER_MS = 2_000;
const LOOK_AGAIN_MS = 50;
/** Bounds how much later than it came a checkpoint can be read, and so how much too early the gate may close. */
const PULL_WAIT_MS = 250;
const MAX_BYTES = 256 * 1024;
const BEGIN_AGAIN_MS = 500;

/**
 * Follows audit.checkpoints from its end. A checkpoint counts from the moment its pull was asked for: this process may
 * have slept between asking and reading, and what was fresh then says nothing about now.
 */
export class CheckpointFollower implements AuditGate {
  /** Of `performance.now()`. */
  #arrivedAt = -Infinity;
  #last: CheckpointPublished | undefined;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  readonly #waits;

  constructor(
    private readonly connection: KafkaConnection,
    private readonly topic: string,
    metrics: Metrics,
    readiness: ReadinessChecks,
    private readonly logger: Logger,
  ) {
    metrics.gauge(
      'sluice_delivery_checkpoint_age_seconds',
      'Since the last checkpoint of audit arrived.',
      [],
      (gauge) => gauge.set(this.#last === undefined ? Number.POSITIVE_INFINITY : this.#age / 1_000),
    );
    this.#waits = metrics.counter('sluice_delivery_audit_waits_total', 'Times a partition began to wait for audit.');
    readiness.register('audit', () => this.#readiness());
  }

  start(): void {
    this.#running = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  get isOpen(): boolean {
    return this.#age < CLOSES_AFTER_MS;
  }

  async whenOpen(signal: AbortSignal): Promise<void> {
    if (this.isOpen) return;
    this.#waits.inc();
    while (!this.isOpen && !signal.aborted) await sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => {});
  }

  async #follow(): Promise<void> {
    const signal = this.#stop.signal;
    while (!signal.aborted) {
      const puller = new PartitionPuller({ ...this.connection, clientId: `${this.connection.clientId}-audit-gate` });
      try {
        await this.#read(puller, signal);
      } catch (err) {
        this.logger.warn({ err }, 'the checkpoints of audit could not be followed, will try again');
      }
      await puller.close();
      await sleep(BEGIN_AGAIN_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** What was announced before is no news: it begins at the end. */
  async #read(puller: PartitionPuller, signal: AbortSignal): Promise<void> {
    let [offset = 0n] = await endOffsets(this.connection, this.topic);
    while (!signal.aborted) {
      const askedAt = performance.now();
      const want = { topic: this.topic, partition: 0, offset, maxBytes: MAX_BYTES };
      const [answer] = await puller.pull([want], { maxWaitMs: PULL_WAIT_MS });
      if (answer === undefined || answer.error === 'retry') continue;
      if (answer.error !== undefined) throw new Error(`${this.topic}: ${answer.error}`);
      this.#take(answer.records, askedAt);
      offset = answer.nextOffset;
    }
  }

  #take(records: readonly PulledRecord[], askedAt: number): void {
    for (const record of records) {
      const checkpoint = auditEvents[CHECKPOINT_PUBLISHED].safeParse(parsed(record.value));
      if (!checkpoint.success) {
        this.logger.warn({ offset: String(record.offset) }, 'a record of audit.checkpoints is not as contracted');
        continue;
      }
      // Of a keeper that was paused and does not know that another one leads, or of a log that was rolled back.
      if (checkpoint.data.size < (this.#last?.size ?? 0)) {
        this.logger.warn({ leaves: checkpoint.data.size, before: this.#last?.size }, 'a checkpoint went back');
        continue;
      }
      if (!this.isOpen) this.logger.info({ leaves: checkpoint.data.size }, 'audit records: releases go on');
      this.#last = checkpoint.data;
      this.#arrivedAt = askedAt;
    }
  }

  get #age(): number {
    return performance.now() - this.#arrivedAt;
  }

  #readiness(): Readiness {
    if (this.#last === undefined) return { ok: false, detail: 'waits for audit: no checkpoint has arrived yet' };
    const age = `${(this.#age / 1_000).toFixed(1)} s`;
    if (!this.isOpen) return { ok: false, detail: `waits for audit: the last checkpoint arrived ${age} ago` };
    return { ok: true, detail: `the log has ${this.#last.size} leaves, as of ${age} ago` };
  }
}

function parsed(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString());
  } catch {
    return undefined; // not as contracted either
  }
}
