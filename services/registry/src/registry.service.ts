import { TOPICS } from '@sluice/contracts';
import { PushedEvents } from '@sluice/messaging';
import type { ServiceConfig, ServiceOptions } from '@sluice/platform';
import { Pool } from 'pg';
import { RegistryModule } from './registry.module.js';
import { SCHEMA } from './store/schema.js';

/** The registry: its use cases, and what it hears of grants and accreditations. */
export function registryService(config: ServiceConfig): ServiceOptions {
  return {
    name: 'registry',
    module: RegistryModule,
    config,
    microservices: (app) => [
      new PushedEvents({
        connection: config.kafka,
        groupId: 'registry.events',
        topics: [TOPICS.consent.name, TOPICS.vetting.name],
        pool: app.get(Pool),
        schema: SCHEMA,
      }),
    ],
  };
}
