import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { EVENT_STORE_MIGRATIONS, migrate } from '@sluice/event-store';
import { MESSAGING_MIGRATIONS } from '@sluice/messaging';
import pg from 'pg';

/** Brings an empty database to vetting's schema, and gives the connection of a role that nobody else uses. */
export async function prepareVettingDatabase(adminUrl: string): Promise<string> {
  const role = `vetting_${randomBytes(6).toString('hex')}`;
  const own = fileURLToPath(new URL('../../migrations', import.meta.url));
  await migrate(adminUrl, [
    { schema: 'vetting', role, directories: [EVENT_STORE_MIGRATIONS, MESSAGING_MIGRATIONS, own] },
  ]);
  const url = new URL(adminUrl);
  url.username = role;
  url.password = randomBytes(12).toString('hex');
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`alter role ${role} password '${url.password}'`);
  await admin.end();
  return url.href;
}
