import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ServiceName } from '@sluice/contracts';
import { PrincipalGuard } from '../auth/principal-guard.js';
import type { ServiceConfig } from '../config/service-config.js';
import { DatabaseModule } from '../database/database-module.js';
import { closeConnectionsWhen, createFastifyAdapter } from '../http/fastify-adapter.js';
import { OfferedMethods } from '../http/offered-methods.js';
import { ProblemFilter } from '../http/problem-filter.js';
import { ReplyInterceptor } from '../http/reply-interceptor.js';
import { createLogger, type Logger, NestLogger } from '../observe/logger.js';
import { Metrics } from '../observe/metrics.js';
import { serveOperations } from '../observe/operations-routes.js';
import { ReadinessChecks } from '../observe/readiness.js';
import { observeRequests } from '../observe/request-metrics.js';
import { enableTracePropagation } from '../observe/trace-context.js';
import { platformModule } from './platform-module.js';
import { Shutdown } from './shutdown.js';

/** What Nest asks of a microservice strategy (its CustomTransportStrategy, without needing its package). */
export interface TransportStrategy {
  listen(callback: (...results: unknown[]) => unknown): unknown;
  close(): unknown;
}

export interface ServiceOptions {
  readonly name: ServiceName;
  readonly module: Type;
  readonly config: ServiceConfig;
  /** Strategies whose `@EventPattern` handlers take part, made once the application's providers exist. */
  readonly microservices?: (app: NestFastifyApplication) => TransportStrategy[];
  /** Defaults to JSON lines on standard output. */
  readonly logger?: Logger;
}

export interface RunningService {
  readonly app: NestFastifyApplication;
  readonly logger: Logger;
  /** Where it listens, such as `http://127.0.0.1:7401`. */
  readonly url: string;
  /** Stops in order: answers what was asked, stops consumers and workers, closes connections. Safe to call twice. */
  close(): Promise<void>;
}

/** Requests get this long to be answered once the service stops; then their connections are cut. */
const DRAIN_TIMEOUT_MS = 6_000;

/** Starts a service within this process and leaves signals and exit to the caller. */
export async function createService(options: ServiceOptions): Promise<RunningService> {
  const { name, config } = options;
  const logger = options.logger ?? createLogger({ name, instance: config.instance, level: config.logLevel });
  enableTracePropagation();
  const app = await createApplication(options, logger);
  const shutdown = app.get(Shutdown);
  let started = false;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= closeInOrder(app, shutdown);
    return closed;
  };
  const server = app.getHttpAdapter().getInstance();
  closeConnectionsWhen(server, () => shutdown.stopping);
  observeRequests(server, app.get(Metrics), logger);
  serveOperations(server, {
    name,
    readiness: app.get(ReadinessChecks),
    metrics: app.get(Metrics),
    phase: () => (shutdown.stopping ? 'stopping' : started ? 'serving' : 'starting'),
  });
  try {
    await app.init();
    // HTTP first: while Kafka is away the process is alive, and `/readyz` says what is missing.
    await app.listen(config.port, config.host);
    for (const strategy of options.microservices?.(app) ?? []) app.connectMicroservice({ strategy });
    await app.startAllMicroservices();
    started = true;
    const url = await app.getUrl();
    logger.info({ url }, 'serving');
    return { app, logger, url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function createApplication({ config, module }: ServiceOptions, logger: Logger): Promise<NestFastifyApplication> {
  const offered = new OfferedMethods();
  const root: Type = class Service {};
  const app = await NestFactory.create<NestFastifyApplication>(
    { module: root, imports: [platformModule(config, logger, offered), DatabaseModule, module] },
    createFastifyAdapter(offered),
    { logger: new NestLogger(logger), bodyParser: false, abortOnError: false },
  );
  app.useGlobalGuards(app.get(PrincipalGuard));
  app.useGlobalInterceptors(app.get(ReplyInterceptor));
  app.useGlobalFilters(app.get(ProblemFilter));
  return app;
}

async function closeInOrder(app: NestFastifyApplication, shutdown: Shutdown): Promise<void> {
  shutdown.begin();
  const server = app.getHttpAdapter().getInstance();
  const cut = setTimeout(() => server.server.closeAllConnections(), DRAIN_TIMEOUT_MS);
  await server.close();
  clearTimeout(cut);
  await app.close();
  await shutdown.runSteps();
}
