import { randomBytes, randomUUID } from 'node:crypto';
import { createTestDatabase } from '@sluice/local-stack';
import pg from 'pg';
import { EVENT_STORE_MIGRATIONS, migrate } from '../migrate.js';
import type { Command, EventContext, NewEvent } from '../types.js';

const PASSWORD = 'test';

/** A database of its own with one migrated schema, `log`, and connections as its service's role. */
export class LogDatabase {
  readonly schema = 'log';
  readonly #pools: pg.Pool[] = [];

  private constructor(
    /** As the owner. */
    readonly adminUrl: string,
    /** As the service. */
    readonly url: string,
    readonly admin: pg.Pool,
    readonly role: string,
    private readonly drop: () => Promise<void>,
  ) {}

  /** On the PostgreSQL of `pgUrl`; `below` are directories of migrations that come after the log's own. */
  static async create(pgUrl: string, ...below: string[]): Promise<LogDatabase> {
    const database = await createTestDatabase(pgUrl);
    const role = `log_${randomBytes(6).toString('hex')}`;
    await migrate(database.url, [{ schema: 'log', role, directories: [EVENT_STORE_MIGRATIONS, ...below] }]);
    const admin = new pg.Pool({ connectionString: database.url, max: 2 });
    admin.on('error', () => {});
    await admin.query(`alter role ${role} password '${PASSWORD}'`);
    const url = new URL(database.url);
    url.username = role;
    url.password = PASSWORD;
    return new LogDatabase(database.url, url.href, admin, role, database.drop);
  }

  /** A pool as one instance of the service has it. */
  pool(config: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({ connectionString: this.url, max: 5, ...config });
    pool.on('error', () => {});
    this.#pools.push(pool);
    return pool;
  }

  async rows<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.admin.query<Row>(text, values)).rows;
  }

  async close(): Promise<void> {
    for (const pool of this.#pools) if (!pool.ended) await pool.end();
    await this.admin.end();
    await this.drop();
  }
}

export const CONTEXT: EventContext = { actor: 'service:test', correlationId: 'c-1' };

export function event(payload: string | Buffer = '{}', type = 'sluice.test.counted.v1'): NewEvent {
  return { type, contentType: 'application/json', payload: Buffer.from(payload) };
}

/** Adds one to the number that is the stream's state; replies with the sum. */
export function count(stream: string, more: Partial<Command<number>> = {}): Command<number> {
  return {
    stream,
    context: CONTEXT,
    decide: ({ state }) => {
      const sum = Number(state ?? 0) + 1;
      return { kind: 'append', events: [event(String(sum))], state: Buffer.from(String(sum)), reply: sum };
    },
    ...more,
  };
}

/** `count` streams in ascending order. */
export function streams(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID()).sort();
}
