import { Injectable } from '@nestjs/common';
import { Metrics, type Readiness, ReadinessChecks } from '@sluice/platform';
import type { IntakeBatch } from './intake-batch.js';

/** A partition that did not get on for so long is stuck: workers wait at the broker for a second at most. */
const STUCK_MS = 10_000;

interface Progress {
  /** Of `performance.now()`. */
  advancedAt: number;
  /** Records behind the end, by topic. */
  lag: Map<string, number>;
}

/** How the intake of the partitions owned here gets on: lag, counts, and whether any is stuck. */
@Injectable()
export class IntakeProgress {
  readonly #partitions = new Map<number, Progress>();
  readonly #records;
  readonly #rows;
  readonly #alarms;

  constructor(metrics: Metrics, readiness: ReadinessChecks) {
    this.#records = metrics.counter('sluice_audit_records_total', 'Records taken in', ['topic']);
    this.#rows = metrics.counter('sluice_audit_history_rows_total', 'Rows written to histories');
    this.#alarms = metrics.counter('sluice_audit_alarms_total', 'Findings of the intake', ['kind']);
    metrics.gauge(
      'sluice_audit_lag_records',
      'Records not taken in yet, of the partitions owned here',
      ['topic'],
      (gauge) => {
        for (const [topic, lag] of this.#lags()) gauge.set({ topic }, lag);
      },
    );
    readiness.register('intake', () => this.#readiness());
  }

  /** The partition is owned here. */
  begin(partition: number): void {
    this.#partitions.set(partition, { advancedAt: performance.now(), lag: new Map() });
  }

  end(partition: number): void {
    this.#partitions.delete(partition);
  }

  /** A pull was stored, or had nothing to store. */
  advanced(partition: number, { records, history, alarms, behind, isWhole }: IntakeBatch): void {
    for (const { topic, count } of records) this.#records.inc({ topic }, count);
    this.#rows.inc(history.count);
    for (const { kind } of alarms) this.#alarms.inc({ kind });
    const progress = this.#partitions.get(partition);
    if (progress === undefined) return;
    for (const [topic, lag] of behind) progress.lag.set(topic, lag);
    // A topic that cannot be read keeps the partition from counting as read.
    if (isWhole) progress.advancedAt = performance.now();
  }

  #lags(): Map<string, number> {
    const lags = new Map<string, number>();
    for (const { lag } of this.#partitions.values()) {
      for (const [topic, behind] of lag) lags.set(topic, (lags.get(topic) ?? 0) + behind);
    }
    return lags;
  }

  #readiness(): Readiness {
    const now = performance.now();
    const stuck = [...this.#partitions]
      .filter(([, { advancedAt }]) => now - advancedAt > STUCK_MS)
      .map(([number]) => number);
    const lags = [...this.#lags()].map(([topic, lag]) => `${topic} ${lag}`).join(', ');
    const owned = `partitions ${[...this.#partitions.keys()].sort().join(' ') || 'none'}`;
    const detail = `${owned}; behind: ${lags || 'nothing known'}`;
    return stuck.length === 0 ? { ok: true, detail } : { ok: false, detail: `stuck: ${stuck.join(' ')}; ${detail}` };
  }
}
