import { TOPICS, type TopicContract } from '@sluice/contracts';
import { type MessagingLogger, PushedEvents } from '@sluice/messaging';
import {
  LOGGER,
  type Logger,
  Metrics,
  ReadinessChecks,
  type ServiceConfig,
  type ServiceOptions,
} from '@sluice/platform';
import { Pool } from 'pg';
import { ConsentModule } from './consent.module.js';

/**
 * The consent service: its use cases, the fences it waits for, and what vetting decides. The two consumers have groups
 * of their own: a stop on its way to its receipt never waits behind a sanction. `groups` begins their names.
 */
export function consentService(config: ServiceConfig, groups = 'consent.'): ServiceOptions {
  return {
    name: 'consent',
    module: ConsentModule,
    config,
    microservices: (app) => {
      const common = {
        connection: config.kafka,
        pool: app.get(Pool),
        schema: 'consent',
        logger: messagingLogger(app.get<Logger>(LOGGER)),
      };
      const consumer = (name: string, topic: TopicContract): PushedEvents => {
        const events = new PushedEvents({ ...common, groupId: `${groups}${name}`, topics: [topic.name] });
        watch(name, events, app.get(ReadinessChecks), app.get(Metrics));
        return events;
      };
      return [consumer('fences', TOPICS.fences), consumer('vetting', TOPICS.vetting)];
    },
  };
}

function watch(name: string, events: PushedEvents, readiness: ReadinessChecks, metrics: Metrics): void {
  let status = 'connecting';
  events.status.subscribe((now) => {
    status = String(now);
  });
  readiness.register(name, () => ({ ok: status === 'connected', detail: `${status}; ${events.lag} behind` }));
  metrics.gauge(`sluice_consent_${name}_lag`, 'Events not handled yet', [], (gauge) => gauge.set(events.lag));
}

function messagingLogger(logger: Logger): MessagingLogger {
  return {
    log: (message: unknown) => logger.debug(String(message)),
    warn: (message: unknown) => logger.warn(String(message)),
    error: (message: unknown) => logger.error(String(message)),
  };
}
