import { TOPICS } from '@sluice/contracts';
import { PushedEvents } from '@sluice/messaging';
import type { ServiceConfig, ServiceOptions } from '@sluice/platform';
import { Pool } from 'pg';
import { ConsentModule } from './consent.module.js';

/**
 * The consent service: its use cases, the fences it waits for, and what vetting decides. The two consumers have groups
 * of their own: a stop on its way to its receipt never waits behind a sanction.
 */
export function consentService(config: ServiceConfig, groups = 'consent.'): ServiceOptions {
  return {
    name: 'consent',
    module: ConsentModule,
    config,
    microservices: (app) => {
      const common = { connection: config.kafka, pool: app.get(Pool), schema: 'consent' };
      return [
        new PushedEvents({ ...common, groupId: `${groups}fences`, topics: [TOPICS.fences.name] }),
        new PushedEvents({ ...common, groupId: `${groups}vetting`, topics: [TOPICS.vetting.name] }),
      ];
    },
  };
}
