import { TOPICS } from '@sluice/contracts';
import { PushedEvents } from '@sluice/messaging';
import { LOGGER, type Logger, ReadinessChecks, type ServiceConfig, type ServiceOptions } from '@sluice/platform';
import { Pool } from 'pg';
import { VettingModule } from './vetting.module.js';

/** The vetting service: its use cases, and the fences it hears of. `groups` begins the names of its consumer groups. */
export function vettingService(config: ServiceConfig, groups = 'vetting.'): ServiceOptions {
  return {
    name: 'vetting',
    module: VettingModule,
    config,
    microservices: (app) => {
      const logger = app.get<Logger>(LOGGER);
      const fences = new PushedEvents({
        connection: config.kafka,
        groupId: `${groups}fences`,
        topics: [TOPICS.fences.name],
        pool: app.get(Pool),
        schema: 'vetting',
        logger: {
          log: (line) => logger.info(line),
          warn: (line) => logger.warn(line),
          error: (line) => logger.error(line),
        },
      });
      watch(fences, app.get(ReadinessChecks));
      return [fences];
    },
  };
}

function watch(fences: PushedEvents, readiness: ReadinessChecks): void {
  let status = 'connecting';
  fences.status.subscribe((now) => {
    status = String(now);
  });
  readiness.register('fences', () => ({
    ok: status === 'connected',
    detail: `${status}; ${TOPICS.fences.name} ${fences.lag} behind`,
  }));
}
