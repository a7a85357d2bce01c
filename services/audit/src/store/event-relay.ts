import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { TOPICS } from '@sluice/contracts';
import { Relay, type RelayObserver } from '@sluice/event-store';
import { createRecordProducer } from '@sluice/messaging';
import {
  LOGGER,
  type Logger,
  Metrics,
  ReadinessChecks,
  SERVICE_CONFIG,
  type ServiceConfig,
  SHUTDOWN_ORDER,
  Shutdown,
} from '@sluice/platform';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';

/** An event that waits longer than this behind an open transaction means that somebody holds the log up. */
const FENCE_WARN_MS = 5_000;

/** Publishes the service's events: cases and seals to audit.cases, records of access to access.events. */
@Injectable()
export class EventRelay implements OnApplicationBootstrap {
  readonly #relay: Relay;

  constructor(
    @Inject(SERVICE_CONFIG) config: ServiceConfig,
    @Inject(AUDIT_SCOPE) { topics }: AuditScope,
    @Inject(LOGGER) logger: Logger,
    metrics: Metrics,
    readiness: ReadinessChecks,
    shutdown: Shutdown,
  ) {
    this.#relay = new Relay({
      connection: config.databaseUrl,
      schema: 'audit',
      source: '/audit',
      route: (type) =>
        type.startsWith('sluice.access.')
          ? { topic: topics.access, partitions: TOPICS.access.partitions }
          : { topic: topics.cases, partitions: TOPICS.cases.partitions },
      producer: createRecordProducer(config.kafka),
      observe: observer(metrics, logger),
    });
    readiness.register('relay', () => ({ ok: this.#relay.state !== 'stopped', detail: this.#relay.state }));
    shutdown.onShutdown('relay', () => this.#relay.stop(), SHUTDOWN_ORDER.relay);
  }

  onApplicationBootstrap(): void {
    this.#relay.start();
  }

  /** Something was appended. */
  nudge(): void {
    this.#relay.nudge();
  }
}

function observer(metrics: Metrics, logger: Logger): RelayObserver {
  const published = metrics.counter('sluice_relay_published_total', 'Events acknowledged by Kafka');
  const age = metrics.gauge('sluice_relay_oldest_age_seconds', 'From recording to acknowledgement, last batch');
  const fence = metrics.gauge(
    'sluice_relay_fence_age_seconds',
    'Waiting of the oldest event behind an open transaction',
  );
  const halted = metrics.counter('sluice_relay_halted_total', 'Streams whose event the broker refused');
  return {
    published: (count, oldestAgeMs) => {
      published.inc(count);
      age.set(oldestAgeMs / 1_000);
    },
    fenceAge: (ms) => {
      fence.set(ms / 1_000);
      if (ms > FENCE_WARN_MS) logger.warn({ ms }, 'an open transaction holds up the relay');
    },
    halted: (stream, reason) => {
      halted.inc();
      logger.error({ stream, reason }, 'the broker refused an event; its stream is halted');
    },
    failed: (err) => logger.warn({ err }, 'the relay failed and tries again'),
  };
}
