import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/**
 * Connections that were just ended are still there for a moment. Cut off then, they would raise an error that nobody
 * listens to any more, and fail the test file.
 */
const GOODBYE_MS = 10_000;
const LOOK_MS = 20;

export interface TestDatabase {
  /** The administrator's connection to a database nobody else uses. */
  readonly url: string;
  /** Ends its sessions and deletes it. */
  drop(): Promise<void>;
}

/** A fresh database on the server of `pgUrl`; a copy of database `template` where one is named. */
export async function createTestDatabase(pgUrl: string, template = 'template1'): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  // Copying files (instead of logging every page) is the faster way for small templates without fsync.
  await asAdmin(pgUrl, `create database ${name} template ${template} strategy file_copy`);
  const url = new URL(pgUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => drop(pgUrl, name) };
}

/** Starts names of topics, groups and roles that one test file shares with no other: lower case, then a dot. */
export function uniquePrefix(): string {
  return `t${randomBytes(5).toString('hex')}.`;
}

async function drop(pgUrl: string, name: string): Promise<void> {
  await withAdmin(pgUrl, async (admin) => {
    for (const deadline = Date.now() + GOODBYE_MS; Date.now() < deadline; await sleep(LOOK_MS)) {
      const { rowCount } = await admin.query('select from pg_stat_activity where datname = $1 limit 1', [name]);
      if (rowCount === 0) break;
    }
    await admin.query(`drop database ${name} with (force)`);
  });
}

async function asAdmin(url: string, statement: string): Promise<void> {
  await withAdmin(url, (admin) => admin.query(statement));
}

async function withAdmin(url: string, work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
