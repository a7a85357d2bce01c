import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger, SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';
import { Pool, type PoolClient } from 'pg';

const LOCK = "hashtextextended('consent.sweep-grants', 0)";

/** Of all instances one sweeps: the one whose session holds the advisory lock. It ends with the session. */
@Injectable()
export class SweepLease {
  #session: PoolClient | undefined;

  constructor(
    private readonly pool: Pool,
    @Inject(LOGGER) private readonly logger: Logger,
    shutdown: Shutdown,
  ) {
    shutdown.onShutdown('sweep lease', () => this.#drop(), SHUTDOWN_ORDER.stores);
  }

  /** Whether this instance leads; takes the lead where nobody has it. */
  async leads(): Promise<boolean> {
    if (this.#session !== undefined) {
      try {
        await this.#session.query('select 1');
        return true;
      } catch (err) {
        this.logger.warn({ err }, 'the session that leads the sweeping broke');
        this.#drop();
      }
    }
    return this.#take();
  }

  async #take(): Promise<boolean> {
    const session = await this.pool.connect();
    // A session that breaks between two sweeps tells it here, and nobody else listens while it is held.
    session.on('error', () => this.#drop());
    this.#session = session;
    try {
      const { rows } = await session.query<{ leads: boolean }>(`select pg_try_advisory_lock(${LOCK}) as leads`);
      if (rows[0]?.leads === true) return true;
    } catch (err) {
      this.logger.warn({ err }, 'the lead of the sweeping could not be asked for');
    }
    this.#drop();
    return false;
  }

  /** Closes the session, and with it the lock. */
  #drop(): void {
    this.#session?.release(true);
    this.#session = undefined;
  }
}
