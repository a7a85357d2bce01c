import { randomBytes } from 'node:crypto';
import pg from 'pg';

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
  return { url: url.href, drop: () => asAdmin(pgUrl, `drop database ${name} with (force)`) };
}

/** Starts names of topics, groups and roles that one test file shares with no other: lower case, then a dot. */
export function uniquePrefix(): string {
  return `t${randomBytes(5).toString('hex')}.`;
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
