import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES, type ServiceName } from '@sluice/contracts';
import { type MigrationPlan, migrate } from '@sluice/event-store';
import pg from 'pg';
import { StackFailure } from '../failure.js';
import { PROJECT_ROOT } from '../paths.js';
import type { Secrets } from '../secrets.js';
import { roleOf, rolePassword } from './roles.js';

/** Services that take pushed events, and so have somewhere to park one they cannot handle. */
const PUSHED: readonly ServiceName[] = ['registry', 'consent', 'vetting'];

/** Who needs which tables: a schema per service, and the data keys that registry makes, and delivery and audit read. */
export function migrationPlans(): MigrationPlan[] {
  const vault = (role: string, ...below: string[]) => ({
    schema: 'vault',
    role,
    directories: [join(PROJECT_ROOT, 'libs', 'vault', 'migrations', ...below)],
  });
  return [
    vault(roleOf('registry')),
    vault(roleOf('delivery'), 'reader'),
    vault(roleOf('audit'), 'reader'),
    ...SERVICES.map((service) => ({
      schema: service,
      role: roleOf(service),
      directories: [
        join(PROJECT_ROOT, 'libs', 'event-store', 'migrations'),
        ...(PUSHED.includes(service) ? [join(PROJECT_ROOT, 'libs', 'messaging', 'migrations')] : []),
        join(PROJECT_ROOT, 'services', service, 'migrations'),
      ].filter((directory) => existsSync(directory)),
    })),
  ];
}

/**
 * Brings the database up to date and lets each service's role log in with its secret of this data folder. Throws
 * `data-from-another-version` where the tables are not what this version's migrations expect.
 */
export async function prepareDatabase(adminUrl: string, secrets: Secrets): Promise<void> {
  try {
    await migrate(adminUrl, migrationPlans());
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    throw new StackFailure(
      'data-from-another-version',
      `The database could not be brought up to date (${(error as Error).message}); it was probably made by another version of Sluice: use that one, or choose another folder with --data-dir.`,
      { cause: error },
    );
  }
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    for (const service of SERVICES) {
      const password = client.escapeLiteral(rolePassword(secrets, service));
      await client.query(`alter role ${roleOf(service)} login password ${password}`);
    }
  } finally {
    await client.end();
  }
}

function isConnectionLost(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  // SQLSTATE class 08 is the connection, 57P the server's own end.
  return /^(ECONN|EPIPE|08|57P)/.test(code) || message.includes('Connection terminated');
}
