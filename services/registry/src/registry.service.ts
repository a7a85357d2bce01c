import { TOPICS, type TopicContract } from '@sluice/contracts';
import { type MessagingLogger, PushedEvents } from '@sluice/messaging';
import { LOGGER, type Logger, Metrics, type ServiceConfig, type ServiceOptions } from '@sluice/platform';
import { Pool } from 'pg';
import { RegistryModule } from './registry.module.js';
import { SCHEMA } from './store/schema.js';

/**
 * The registry: its use cases, and what it hears of accreditations and grants. The two consumers have groups of their
 * own: a sanction never waits behind the snapshots of many grants. `groups` begins their names.
 */
export function registryService(config: ServiceConfig, groups = 'registry.'): ServiceOptions {
  return {
    name: 'registry',
    module: RegistryModule,
    config,
    microservices: (app) => {
      const metrics = app.get(Metrics);
      const common = {
        connection: config.kafka,
        pool: app.get(Pool),
        schema: SCHEMA,
        logger: messagingLogger(app.get<Logger>(LOGGER)),
      };
      const consumer = (name: string, topic: TopicContract): PushedEvents => {
        const events = new PushedEvents({ ...common, groupId: `${groups}${name}`, topics: [topic.name] });
        metrics.gauge(`sluice_registry_${name}_lag`, 'Events not handled yet', [], (gauge) => gauge.set(events.lag));
        return events;
      };
      return [consumer('accreditations', TOPICS.vetting), consumer('grants', TOPICS.consent)];
    },
  };
}

function messagingLogger(logger: Logger): MessagingLogger {
  return {
    log: (message: unknown) => logger.debug(String(message)),
    warn: (message: unknown) => logger.warn(String(message)),
    error: (message: unknown) => logger.error(String(message)),
  };
}
