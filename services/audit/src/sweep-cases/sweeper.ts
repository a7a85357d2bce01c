import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LOGGER, type Logger, Metrics, SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';
import { CaseFiles } from '../cases/case-files.js';
import { moveCase } from '../domain/person-file/case.js';
import { moveSeal } from '../domain/person-file/seal.js';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { SealOrders } from '../seals/seal-orders.js';
import { PersonFiles } from '../store/person-files.js';

/** Deadlines are days; that one passed has to be on record soon, not at once. */
const SWEEP_EVERY_MS = 2_000;
const PAGE = 200;

/**
 * Records what time does to cases and seals. Every instance sweeps: the decision looks at the stream, so what another one has
 * done already is left alone.
 */
@Injectable()
export class Sweeper implements OnApplicationBootstrap {
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #stopped = false;
  readonly #overdue;

  constructor(
    private readonly files: PersonFiles,
    private readonly cases: CaseFiles,
    private readonly seals: SealOrders,
    @Inject(AUDIT_SCOPE) private readonly scope: AuditScope,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
    shutdown: Shutdown,
  ) {
    this.#overdue = metrics.counter('sluice_audit_cases_overdue_total', 'Deadlines of cases that passed');
    shutdown.onShutdown('sweeper', () => this.#stop(), SHUTDOWN_ORDER.workers);
  }

  onApplicationBootstrap(): void {
    this.#next();
  }

  #next(): void {
    this.#sweeping = this.#sweep().finally(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.#next(), SWEEP_EVERY_MS);
    });
  }

  async #sweep(): Promise<void> {
    try {
      const now = this.scope.now?.() ?? new Date();
      this.#overdue.inc(await this.#markLateCases(now));
      await this.#liftSeals(now);
    } catch (err) {
      this.logger.warn({ err }, 'the sweep of cases failed and tries again');
    }
  }

  async #markLateCases(now: Date): Promise<number> {
    const late = await this.cases.late(now, PAGE);
    return this.files.runAll(
      late.map(({ case_id, subject }) => ({
        subject,
        decide: (file) => moveCase(file, case_id, { move: 'markOverdue' }, { subject, by: 'service', now }),
        reply: () => null,
        effects: (event, file) => CaseFiles.saving(event, file, now),
      })),
    );
  }

  /** A seal ends at its instant, whether or not that is recorded yet. */
  async #liftSeals(now: Date): Promise<void> {
    const over = await this.seals.over(now, PAGE);
    await this.files.runAll(
      over.map(({ seal, subject }) => ({
        subject,
        decide: (file) => moveSeal(file, seal, { move: 'expire' }, { now }),
        reply: () => null,
        effects: (event) => SealOrders.saving(event, now),
      })),
    );
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sweeping;
  }
}
