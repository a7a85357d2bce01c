import type { FactoryProvider, OnApplicationBootstrap } from '@nestjs/common';
import { type ServiceName, TOPICS } from '@sluice/contracts';
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

/** An event that waits longer than this behind an open transaction means that somebody holds the log up. */
const FENCE_WARN_MS = 5_000;

export interface RelayPlan {
  /** Whose events: the schema they are in, and the source they name. */
  readonly service: ServiceName;
  /** Where its own events go. */
  readonly own: Destination;
  /** Where its records of access go; access.events unless told otherwise. */
  readonly access?: Destination;
}

interface Destination {
  readonly name: string;
  readonly partitions: number;
}

interface Parts {
  readonly config: ServiceConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: ReadinessChecks;
  readonly shutdown: Shutdown;
}

/** Publishes a service's events: its own to its topic, its records of access to access.events. */
export class EventRelay implements OnApplicationBootstrap {
  readonly #relay: Relay;

  constructor({ service, own, access = TOPICS.access }: RelayPlan, parts: Parts) {
    const { config, logger, metrics, readiness, shutdown } = parts;
    this.#relay = new Relay({
      connection: config.databaseUrl,
      schema: service,
      source: `/${service}`,
      route: (type) => {
        const { name, partitions } = type.startsWith('sluice.access.') ? access : own;
        return { topic: name, partitions };
      },
      producer: createRecordProducer(config.kafka),
      observe: observer(metrics, logger),
    });
    readiness.register('relay', () => ({ ok: this.#relay.state !== 'stopped', detail: this.#relay.state }));
    shutdown.onShutdown('relay', () => this.#relay.stop(), SHUTDOWN_ORDER.relay);
  }

  onApplicationBootstrap(): void {
    this.#relay.start();
  }

  /** Something was appended: it need not wait for the next look. */
  nudge(): void {
    this.#relay.nudge();
  }
}

/** The provider of a service's relay; `inject` are what `plan` is made of, where it is not known beforehand. */
export function eventRelay<Injected extends unknown[]>(
  plan: (...injected: Injected) => RelayPlan,
  inject: NonNullable<FactoryProvider['inject']> = [],
): FactoryProvider<EventRelay> {
  return {
    provide: EventRelay,
    inject: [SERVICE_CONFIG, LOGGER, Metrics, ReadinessChecks, Shutdown, ...inject],
    useFactory: (
      config: ServiceConfig,
      logger: Logger,
      metrics: Metrics,
      readiness: ReadinessChecks,
      shutdown: Shutdown,
      ...injected: Injected
    ) => new EventRelay(plan(...injected), { config, logger, metrics, readiness, shutdown }),
  };
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
