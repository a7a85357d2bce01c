import type { Metrics, Readiness, ReadinessChecks } from '@sluice/platform';
import type { WitnessConfig } from './witness-config.js';

/** Witnesses are asked about once a second: a checkpoint that lacks their signatures for longer is called unwitnessed. */
const PATIENCE_MS = 5_000;

/** How the witnessing of the log gets on, for operators. Releases never wait for it. */
export class WitnessStatus {
  /** Leaves of the newest witnessed checkpoint, as its keeper knows. */
  #witnessed = 0;
  /** Since when there is a checkpoint that is not witnessed, of `performance.now()`. */
  #behindSince: number | undefined;
  #isLeading = false;
  /** Of each witness that did not sign when it was asked last: why. */
  readonly #obstacles = new Map<string, string>();
  readonly #cosignatures;
  readonly #failures;
  readonly #conflicts;
  readonly #alarms;

  constructor(
    private readonly config: WitnessConfig,
    metrics: Metrics,
    readiness: ReadinessChecks,
  ) {
    this.#cosignatures = metrics.counter('sluice_log_cosignatures_total', 'Cosignatures by witnesses', ['witness']);
    this.#failures = metrics.counter(
      'sluice_log_witness_failures_total',
      'Times a witness did not sign, for whatever reason',
      ['witness'],
    );
    this.#conflicts = metrics.counter(
      'sluice_log_witness_conflicts_total',
      'Times a witness answered that it signed another history',
      ['witness'],
    );
    this.#alarms = metrics.counter('sluice_audit_alarms_total', 'Findings of the intake', ['kind']);
    metrics.gauge('sluice_log_witnesses_required', 'Cosignatures that a checkpoint must have', [], (gauge) =>
      gauge.set(config.required),
    );
    metrics.gauge('sluice_log_witnessed_size_leaves', 'Leaves of the newest witnessed checkpoint', [], (gauge) =>
      gauge.set(this.#witnessed),
    );
    metrics.gauge(
      'sluice_log_unwitnessed_seconds',
      'Since when there is a checkpoint without the required cosignatures; 0 where all have them',
      [],
      (gauge) => gauge.set(this.#behindMs / 1_000),
    );
    readiness.register('witnesses', () => this.#readiness());
  }

  leads(isLeading: boolean): void {
    this.#isLeading = isLeading;
    this.#obstacles.clear();
    this.#behindSince = undefined;
  }

  /** There is a checkpoint that is not witnessed. */
  waits(): void {
    this.#behindSince ??= performance.now();
  }

  /**
   * @param isNewest whether there is no newer checkpoint
   * @param behindMs since when there is one
   */
  witnessed(size: number, isNewest: boolean, behindMs = 0): void {
    this.#witnessed = size;
    this.#behindSince = isNewest ? undefined : performance.now() - behindMs;
  }

  signed(witness: string): void {
    this.#obstacles.delete(witness);
    this.#cosignatures.inc({ witness });
  }

  failed(witness: string, why: string): void {
    this.#obstacles.set(witness, why);
    this.#failures.inc({ witness });
  }

  conflicts(witness: string, why: string): void {
    this.failed(witness, `CONFLICT: ${why}`);
    this.#conflicts.inc({ witness });
  }

  alarmed(): void {
    this.#alarms.inc({ kind: 'witness-conflict' });
  }

  get #behindMs(): number {
    return this.#behindSince === undefined ? 0 : performance.now() - this.#behindSince;
  }

  /** Always well: what is unwitnessed is recorded all the same, and a witness cannot stop the log. */
  #readiness(): Readiness {
    const { witnesses, required } = this.config;
    if (required === 0) return { ok: true, detail: 'none is asked: only who kept a checkpoint would see a fork' };
    if (!this.#isLeading) return { ok: true, detail: 'the instance that keeps the log asks them' };
    const obstacles = [...this.#obstacles].map(([witness, why]) => `; ${witness}: ${why}`).join('');
    const policy = `${required} of ${witnesses.length} must sign`;
    if (this.#behindMs < PATIENCE_MS) {
      return { ok: true, detail: `witnessed up to ${this.#witnessed} leaves (${policy})${obstacles}` };
    }
    const seconds = Math.round(this.#behindMs / 1_000);
    return {
      ok: true,
      detail: `UNWITNESSED since ${seconds} s, witnessed up to ${this.#witnessed} leaves (${policy})${obstacles}`,
    };
  }
}
