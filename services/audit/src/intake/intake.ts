import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { PartitionGroup } from '@sluice/messaging';
import { LOGGER, type Logger, SERVICE_CONFIG, type ServiceConfig, SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';
import { HistoryFeed } from '../completeness/history-feed.js';
import { IntakeProgress } from './intake-progress.js';
import { IntakeStore, intakePool } from './intake-store.js';
import { IntakeWorker, SharedTools } from './intake-worker.js';
import { AUDIT_SCOPE, type AuditScope, historyTopics } from './topics.js';

const BEGIN_AGAIN_MS = 1_000;

/** Shares the partitions among the running instances, and keeps a worker on each that is owned here. */
@Injectable()
export class Intake implements OnApplicationBootstrap {
  readonly #group: PartitionGroup;

  constructor(
    @Inject(SERVICE_CONFIG) config: ServiceConfig,
    @Inject(AUDIT_SCOPE) { topics, groupId }: AuditScope,
    @Inject(LOGGER) private readonly logger: Logger,
    feed: HistoryFeed,
    private readonly progress: IntakeProgress,
    shutdown: Shutdown,
  ) {
    const pool = intakePool(config);
    pool.on('error', (err) => logger.warn({ err }, 'an idle connection of the intake broke'));
    const options = {
      connection: config.kafka,
      topics,
      store: new IntakeStore(pool, feed),
      progress,
      shared: new SharedTools(),
    };
    this.#group = new PartitionGroup({
      connection: config.kafka,
      groupId,
      topics: historyTopics(topics),
      own: (partition, signal) =>
        this.#keepWorking(partition, signal, () => IntakeWorker.run(partition, signal, options)),
      observe: {
        assigned: (partitions) => logger.info({ partitions }, 'owns partitions'),
        failed: (err) => logger.warn({ err }, 'the group of the intake failed and joins again'),
      },
    });
    shutdown.onShutdown('intake', () => this.#group.stop(), SHUTDOWN_ORDER.workers);
    shutdown.onShutdown('intake connections', () => pool.end(), SHUTDOWN_ORDER.connections);
  }

  onApplicationBootstrap(): void {
    this.#group.start();
  }

  /** A failed worker begins again with a new claim, so that nothing it had in memory lives on. */
  async #keepWorking(partition: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    this.progress.begin(partition);
    while (!signal.aborted) {
      try {
        await work();
      } catch (err) {
        this.logger.warn({ err, partition }, 'the intake of a partition failed and begins again');
        await sleep(BEGIN_AGAIN_MS, undefined, { signal }).catch(() => {});
      }
    }
    this.progress.end(partition);
  }
}
