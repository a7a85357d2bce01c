import { Injectable } from '@nestjs/common';
import { KeyFileUnusable, MerkleLogError } from '@sluice/merkle-log';
import { Metrics, type Readiness, ReadinessChecks } from '@sluice/platform';
import { RecordsLost } from './leaf-batch.js';

/** A keeper takes a few turns a second: one that took none for so long is stuck. */
const STUCK_MS = 5_000;

/** How the log gets on, for operators. */
@Injectable()
export class LogStatus {
  #phase: 'starting' | 'standby' | 'leading' = 'starting';
  #turnAt = performance.now();
  /** Or began to run. */
  #announcedAt = performance.now();
  #size = 0;
  #behind = 0;
  #obstacle = 'no turn yet';
  /** What an operator has to act on, in a sentence. */
  #refusal: string | undefined;
  readonly #leaves;
  readonly #failures;
  readonly #checkpoints;

  constructor(metrics: Metrics, readiness: ReadinessChecks) {
    this.#leaves = metrics.counter('sluice_log_leaves_total', 'Leaves added to the verifiable log by this process');
    this.#failures = metrics.counter('sluice_log_failures_total', 'Times the log failed and was opened again');
    this.#checkpoints = metrics.counter('sluice_log_checkpoints_total', 'Checkpoints announced by this process');
    metrics.gauge('sluice_log_size_leaves', 'Leaves in the log, as its keeper knows', [], (gauge) =>
      gauge.set(this.#size),
    );
    metrics.gauge(
      'sluice_log_lag_records',
      'Records of all topics not in the log yet, as its keeper knows',
      [],
      (gauge) => gauge.set(this.#behind),
    );
    metrics.gauge(
      'sluice_log_checkpoint_age_seconds',
      'Since this process announced a checkpoint; NaN where another one keeps the log',
      [],
      (gauge) => gauge.set(this.#phase === 'standby' ? Number.NaN : (performance.now() - this.#announcedAt) / 1_000),
    );
    readiness.register('log', () => this.#readiness());
  }

  standsBy(): void {
    this.#phase = 'standby';
    this.#refusal = undefined;
  }

  /** The keeper has looked for records, and what it found is in the log. */
  turned(size: number, leaves: number, behind: number): void {
    this.#phase = 'leading';
    this.#refusal = undefined;
    this.#turnAt = performance.now();
    this.#size = size;
    this.#behind = behind;
    this.#leaves.inc(leaves);
  }

  /** A partition could not be read. */
  waitsFor(unread: string): void {
    this.#refusal = undefined;
    this.#obstacle = unread;
  }

  announced(): void {
    this.#announcedAt = performance.now();
    this.#checkpoints.inc();
  }

  failed(error: unknown): void {
    this.#failures.inc();
    if (needsOperator(error)) this.#refusal = (error as Error).message;
    else this.#obstacle = error instanceof Error ? error.name : 'unknown';
  }

  #readiness(): Readiness {
    if (this.#refusal !== undefined) {
      return { ok: false, detail: `the log is refused, and releases wait: ${this.#refusal}` };
    }
    if (this.#phase === 'standby') return { ok: true, detail: 'stands by: another instance keeps the log' };
    const idle = performance.now() - this.#turnAt;
    if (this.#phase === 'leading' && idle < STUCK_MS)
      return { ok: true, detail: `keeps the log: ${this.#size} leaves` };
    const seconds = Math.round(idle / 1_000);
    return { ok: false, detail: `the log does not get on since ${seconds} s (${this.#obstacle}), and releases wait` };
  }
}

/** Trying again does not help until somebody did something. */
export function needsOperator(error: unknown): boolean {
  return (
    (error instanceof MerkleLogError && !error.retryable) ||
    error instanceof RecordsLost ||
    error instanceof KeyFileUnusable
  );
}
