import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LANES, TOPICS } from '@sluice/contracts';
import { type KafkaConnection, PartitionGroup, PartitionPuller } from '@sluice/messaging';
import { type Metrics, type ReadinessChecks, SHUTDOWN_ORDER, type Shutdown } from '@sluice/platform';
import { LedgerDisagrees } from '../dispatch/redispatch.js';
import { PartitionLost } from '../ledger/partition-lost.js';
import { SourceLost } from './batch-reader.js';
import { PartitionWorker, type WorkerContext, type WorkerObserver } from './partition-worker.js';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** More changes waiting than this, and the service says that it is behind. */
const READY_LAG = 50_000;

/** Runs a worker for every partition this process owns, and tells the truth about them. */
@Injectable()
export class PartitionHost implements OnApplicationBootstrap {
  readonly workers = new Map<number, PartitionWorker>();
  readonly lags = new Map<number, number>();
  /** Partitions that stand still until an operator acts, with the reason. */
  readonly halted = new Map<number, string>();
  readonly #group: PartitionGroup;

  constructor(
    private readonly connection: KafkaConnection,
    private readonly context: Omit<WorkerContext, 'observe'>,
    private readonly metrics: Metrics,
    readiness: ReadinessChecks,
    shutdown: Shutdown,
  ) {
    this.#group = new PartitionGroup({
      connection,
      groupId: 'delivery.partitions',
      topics: [TOPICS.registry.name, TOPICS.consent.name],
      own: (partition, signal) => this.#own(partition, signal),
      observe: {
        assigned: (partitions) => context.logger.info({ partitions }, 'partitions assigned'),
        failed: (err) => context.logger.warn({ err }, 'the partition group failed, it will try again'),
      },
    });
    readiness.register('partitions', () => this.#readiness());
    shutdown.onShutdown('partitions', () => this.#group.stop(), SHUTDOWN_ORDER.workers);
  }

  onApplicationBootstrap(): void {
    this.#group.start();
  }

  async #own(partition: number, signal: AbortSignal): Promise<void> {
    const observe = this.#observer();
    let backoff = FIRST_BACKOFF_MS;
    while (!signal.aborted) {
      const puller = new PartitionPuller({ ...this.connection, clientId: `${this.connection.clientId}-${partition}` });
      const worker = new PartitionWorker(partition, puller, { ...this.context, observe });
      this.workers.set(partition, worker);
      const startedAt = performance.now();
      try {
        await worker.run(signal);
      } catch (error) {
        if (error instanceof PartitionLost) {
          if (await this.#belongsToAnother(partition, signal)) return;
          continue;
        }
        this.#report(partition, error);
        if (performance.now() - startedAt > MAX_BACKOFF_MS) backoff = FIRST_BACKOFF_MS;
        await pause(backoff, signal);
        backoff = Math.min(backoff * 2, MAX_BACKOFF_MS);
      } finally {
        this.workers.delete(partition);
        this.lags.delete(partition);
        await puller.close();
      }
    }
    this.halted.delete(partition);
  }

  /** False where only a rebuild raised the epoch: what was in memory is outdated, the partition is still ours. */
  async #belongsToAnother(partition: number, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        return !(await this.context.store.wasRebuilt(partition));
      } catch (error) {
        this.#report(partition, error);
        await pause(MAX_BACKOFF_MS, signal);
      }
    }
    return true;
  }

  #report(partition: number, err: unknown): void {
    if (err instanceof SourceLost || err instanceof LedgerDisagrees) {
      this.halted.set(partition, `${err.name}: ${err.message}`);
      this.context.logger.error({ err, partition }, 'the partition stands still until an operator acts');
    } else {
      this.context.logger.warn({ err, partition }, 'the partition failed and starts again from what is committed');
    }
  }

  #observer(): WorkerObserver {
    const changes = this.metrics.counter('sluice_delivery_changes_total', 'Changes decided.', ['partition']);
    const deliveries = this.metrics.counter('sluice_delivery_deliveries_total', 'Deliveries dispatched.', [
      'partition',
    ]);
    const age = this.metrics.histogram('sluice_delivery_age_seconds', 'From recording to dispatch, oldest of a batch.');
    const lag = this.metrics.gauge('sluice_delivery_lag_changes', 'Changes that wait.', ['partition']);
    return {
      dispatched: (partition, changed, delivered, ageMs) => {
        this.halted.delete(partition);
        changes.inc({ partition }, changed);
        deliveries.inc({ partition }, delivered);
        age.observe(ageMs / 1_000);
      },
      lag: (partition, waiting) => {
        this.lags.set(partition, waiting);
        lag.set({ partition }, waiting);
      },
    };
  }

  #readiness(): { ok: boolean; detail: string } {
    const halted = [...this.halted].map(([partition, reason]) => `${partition}: ${reason}`);
    if (halted.length > 0) return { ok: false, detail: `halted ${halted.join('; ')}` };
    const lag = [...this.lags.values()].reduce((sum, one) => sum + one, 0);
    const owned = this.#group.owned;
    return { ok: lag < READY_LAG, detail: `owns ${owned.length} of ${LANES} partitions, ${lag} changes wait` };
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
