import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { EVENT_STORE_MIGRATIONS, migrate } from '@sluice/event-store';
import pg from 'pg';

/** Brings an empty database to audit's schema, and gives the connection of audit's own role, which nobody else uses. */
export async function prepareAuditDatabase(adminUrl: string): Promise<string> {
  const role = `audit_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  const directories = [EVENT_STORE_MIGRATIONS, fileURLToPath(new URL('../../migrations', import.meta.url))];
  const vault = (below = '') => [fileURLToPath(new URL(`../../../../libs/vault/migrations/${below}`, import.meta.url))];
  await migrate(adminUrl, [
    // Whose keys they are: registry's, which this database has not got.
    { schema: 'vault', role: `keys_${role}`, directories: vault() },
    { schema: 'vault', role, directories: vault('reader') },
    { schema: 'audit', role, directories },
  ]);
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`alter role ${role} password '${password}'`);
  await admin.end();
  const url = new URL(adminUrl);
  url.username = role;
  url.password = password;
  return url.href;
}
