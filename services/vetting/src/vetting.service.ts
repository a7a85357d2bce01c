import { TOPICS } from '@sluice/contracts';
import { PushedEvents } from '@sluice/messaging';
import type { ServiceConfig, ServiceOptions } from '@sluice/platform';
import { Pool } from 'pg';
import { VettingModule } from './vetting.module.js';

/** The vetting service: its use cases, and the fences it hears of. */
export function vettingService(config: ServiceConfig): ServiceOptions {
  return {
    name: 'vetting',
    module: VettingModule,
    config,
    microservices: (app) => [
      new PushedEvents({
        connection: config.kafka,
        groupId: 'vetting.fences',
        topics: [TOPICS.fences.name],
        pool: app.get(Pool),
        schema: 'vetting',
      }),
    ],
  };
}
