import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { EVENT_STORE_MIGRATIONS, migrate } from '@sluice/event-store';
import { MESSAGING_MIGRATIONS } from '@sluice/messaging';
import pg from 'pg';

const CONSENT_MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));

/** A database with the consent schema, and a role of its own: roles belong to the whole server. */
export class ConsentDatabase {
  private constructor(
    /** As its owner. */
    readonly admin: pg.Pool,
    /** As the service's role. */
    readonly url: string,
  ) {}

  /** @param adminUrl the owner's connection to an empty database */
  static async migrate(adminUrl: string): Promise<ConsentDatabase> {
    const role = `consent_${randomBytes(5).toString('hex')}`;
    const directories = [EVENT_STORE_MIGRATIONS, MESSAGING_MIGRATIONS, CONSENT_MIGRATIONS];
    await migrate(adminUrl, [{ schema: 'consent', role, directories }]);
    const url = new URL(adminUrl);
    url.username = role;
    url.password = randomBytes(12).toString('hex');
    const admin = new pg.Pool({ connectionString: adminUrl, max: 2 });
    // Its owner ends the sessions when the database is dropped.
    admin.on('error', () => {});
    await admin.query(`alter role ${role} login password '${url.password}'`);
    return new ConsentDatabase(admin, url.href);
  }

  async rows<R extends pg.QueryResultRow>(text: string, ...values: unknown[]): Promise<R[]> {
    return (await this.admin.query<R>(text, values)).rows;
  }
}
