import { fileURLToPath } from 'node:url';

/** Directory of the event store's own migrations, to be named first in a service's plan. */
export const EVENT_STORE_MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));

/** What one schema needs: the files of each directory in order of their names, `{{schema}}` and `{{role}}` replaced. */
export interface MigrationPlan {
  schema: string;
  role: string;
  directories: string[];
}

/** Brings schemas up to date, as their owner. Creates a schema or a role that is missing (the role without a password). */
export async function migrate(_adminUrl: string, _plan: MigrationPlan[]): Promise<void> {
  throw new Error('not built yet');
}
