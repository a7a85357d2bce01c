import { Global, Inject, Module } from '@nestjs/common';
import { Pool } from 'pg';
import { SHUTDOWN_ORDER, Shutdown } from '../bootstrap/shutdown.js';
import { SERVICE_CONFIG, type ServiceConfig } from '../config/service-config.js';
import { LOGGER, type Logger } from '../observe/logger.js';
import { ReadinessChecks } from '../observe/readiness.js';

/** Two batches of appends, a few reads and the readiness check at once; more would only queue inside PostgreSQL. */
const MAX_CONNECTIONS = 10;
/** No statement of a request takes this long unless something is wrong; migrations run elsewhere. */
const STATEMENT_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** Provides the service's `Pool` (inject the class of `pg`), watched by `/readyz` and closed last. */
@Global()
@Module({
  providers: [
    {
      provide: Pool,
      inject: [SERVICE_CONFIG, LOGGER],
      useFactory: (config: ServiceConfig, logger: Logger) => createPool(config, logger),
    },
  ],
  exports: [Pool],
})
export class DatabaseModule {
  constructor(
    @Inject(Pool) private readonly pool: Pool,
    readiness: ReadinessChecks,
    shutdown: Shutdown,
  ) {
    readiness.register('postgresql', () => this.answers());
    shutdown.onShutdown('postgresql', () => this.pool.end(), SHUTDOWN_ORDER.connections);
  }

  private async answers(): Promise<{ ok: boolean; detail: string }> {
    await this.pool.query('select 1');
    return { ok: true, detail: `${this.pool.totalCount} connections, ${this.pool.waitingCount} waiting` };
  }
}

function createPool(config: ServiceConfig, logger: Logger): Pool {
  const pool = new Pool({
    connectionString: config.databaseUrl,
    application_name: `sluice-${config.instance}`,
    max: MAX_CONNECTIONS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', (err) => logger.warn({ err }, 'an idle database connection broke'));
  return pool;
}
