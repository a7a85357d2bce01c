import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { EVENT_STORE_MIGRATIONS, migrate } from '@sluice/event-store';
import { MESSAGING_MIGRATIONS } from '@sluice/messaging';
import pg from 'pg';

const directory = (path: string) => fileURLToPath(new URL(`../../../../${path}/migrations`, import.meta.url));

/** A database with the registry's schema and the vault's, and a role of its own: roles belong to the whole server. */
export class RegistryDatabase {
  /** As its owner. */
  readonly admin: pg.Pool;

  private constructor(
    adminUrl: string,
    /** As the registry's role. */
    readonly url: string,
  ) {
    this.admin = new pg.Pool({ connectionString: adminUrl, max: 2 });
    // A pool has ended before its connections have; the database is dropped under the last of them.
    this.admin.on('error', () => {});
  }

  /** @param adminUrl the owner's connection to an empty database */
  static async migrate(adminUrl: string): Promise<RegistryDatabase> {
    const role = `registry_${randomBytes(5).toString('hex')}`;
    await migrate(adminUrl, [
      { schema: 'vault', role, directories: [directory('libs/vault')] },
      {
        schema: 'registry',
        role,
        directories: [EVENT_STORE_MIGRATIONS, MESSAGING_MIGRATIONS, directory('services/registry')],
      },
    ]);
    const url = new URL(adminUrl);
    url.username = role;
    url.password = randomBytes(12).toString('hex');
    const database = new RegistryDatabase(adminUrl, url.href);
    await database.admin.query(`alter role ${role} login password '${url.password}'`);
    return database;
  }

  /**
   * Lets nothing be appended until the returned function is called. Not an access-exclusive lock: that would draw a
   * transaction id, and hold up the relays of every database of this server.
   */
  async holdAppends(): Promise<() => Promise<void>> {
    const client = await this.admin.connect();
    await client.query('begin');
    await client.query('lock table registry.event in exclusive mode');
    return async () => {
      await client.query('rollback');
      client.release();
    };
  }

  /** Cuts the registry's connections and admits no new ones until the returned function is called. */
  async shutOut(): Promise<() => Promise<void>> {
    const role = new URL(this.url).username;
    await this.admin.query(`alter role ${role} connection limit 0`);
    await this.admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`);
    return async () => {
      await this.admin.query(`alter role ${role} connection limit -1`);
    };
  }

  /** Every row of every table as PostgreSQL writes it, bytes as what they spell. */
  async dump(): Promise<string> {
    const { rows: tables } = await this.admin.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
        where table_schema in ('registry', 'vault') and table_type = 'BASE TABLE'`,
    );
    const parts: string[] = [];
    for (const { name } of tables) {
      const { rows } = await this.admin.query<Record<string, unknown>>(`select * from ${name}`);
      for (const row of rows) {
        for (const value of Object.values(row)) {
          parts.push(
            Buffer.isBuffer(value) ? `${value.toString('utf8')} ${value.toString('hex')}` : JSON.stringify(value),
          );
        }
      }
    }
    return parts.join('\n');
  }

  async close(): Promise<void> {
    await this.admin.end();
  }
}
