import { Controller, type InjectionToken, type Provider, type Type } from '@nestjs/common';
import { REBUILD_ENDPOINTS, type ServiceName } from '@sluice/contracts';
import { EventStore, type ReadModel } from '@sluice/event-store';
import { Pool } from 'pg';
import { Shutdown } from '../bootstrap/shutdown.js';
import { SERVICE_CONFIG, type ServiceConfig } from '../config/service-config.js';
import { Endpoint } from '../http/endpoint.js';
import type { InputOf } from '../http/input.js';
import { Input } from '../http/input-decorator.js';
import { LOGGER, type Logger } from '../observe/logger.js';
import { Metrics } from '../observe/metrics.js';
import { Rebuilding } from './rebuilding.js';

/** How a service names its read models: what they need, and what they are made of it. */
export interface ReadModelsOf<A extends unknown[]> {
  inject: { [K in keyof A]: InjectionToken };
  useFactory: (...given: A) => readonly ReadModel[];
}

/**
 * What a service adds to its module to have its read models rebuilt. The module MUST provide or import Pool and
 * EventStore, and the database the migrations of the event store with `make_rebuildable` for each table.
 */
export function rebuildParts<A extends unknown[]>(
  service: ServiceName,
  { inject, useFactory }: ReadModelsOf<A>,
): { controllers: Type[]; providers: Provider[] } {
  const provider: Provider = {
    provide: Rebuilding,
    inject: [Pool, EventStore, SERVICE_CONFIG, LOGGER, Metrics, Shutdown, ...inject],
    useFactory: (
      pool: Pool,
      events: EventStore,
      config: ServiceConfig,
      logger: Logger,
      metrics: Metrics,
      shutdown: Shutdown,
      ...given: A
    ) => new Rebuilding({ service, models: useFactory(...given), pool, events, config, logger, metrics, shutdown }),
  };
  return { controllers: [controllerOf(service)], providers: [provider] };
}

/** The same endpoints in every service; only the contract names which. */
function controllerOf(service: ServiceName): Type {
  const contracts = REBUILD_ENDPOINTS[service];

  @Controller()
  class RebuildsController {
    constructor(private readonly rebuilding: Rebuilding) {}

    @Endpoint(contracts.readModels)
    readModels() {
      return this.rebuilding.readModels();
    }

    @Endpoint(contracts.plan)
    async plan(@Input() input: InputOf<typeof contracts.plan>) {
      return this.rebuilding.plan(input);
    }

    @Endpoint(contracts.list)
    async list() {
      return this.rebuilding.list();
    }

    @Endpoint(contracts.read)
    async read(@Input() input: InputOf<typeof contracts.read>) {
      return this.rebuilding.read(input.params.rebuild);
    }

    @Endpoint(contracts.differences)
    async differences(@Input() input: InputOf<typeof contracts.differences>) {
      return this.rebuilding.differences(input.params.rebuild, input.query.limit);
    }

    @Endpoint(contracts.move)
    async move(@Input() input: InputOf<typeof contracts.move>) {
      return this.rebuilding.move(input);
    }
  }
  return RebuildsController;
}
