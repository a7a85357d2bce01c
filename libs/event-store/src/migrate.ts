import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { plainName } from './statements.js';

/** Directory of the event store's own migrations, to be named first in a service's plan. */
export const EVENT_STORE_MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));

/** What one schema needs: the files of each directory in order of their names, `{{schema}}` and `{{role}}` replaced. */
export interface MigrationPlan {
  schema: string;
  role: string;
  directories: string[];
}

/** Instances that start together migrate one after the other. */
const MIGRATION_LOCK = 'sluice.migrate';

interface MigrationFile {
  /** `<package or service>/<file name>`: the same wherever the project is installed. */
  name: string;
  text: string;
  sha256: Buffer;
}

/**
 * Brings schemas up to date, as their owner; only forward. Creates a schema or a role that is missing
 * (the role without a password: giving it one is the installer's business).
 * Refuses, before it changes anything in the schema, when a file was changed after it had been applied.
 */
export async function migrate(adminUrl: string, plan: MigrationPlan[]): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [MIGRATION_LOCK]);
    for (const { schema, role, directories } of plan) {
      await createRole(client, plainName(role));
      await createSchema(client, plainName(schema));
      const files = (await Promise.all(directories.map(readMigrations))).flat();
      for (const file of await pending(client, schema, files)) await apply(client, schema, role, file);
    }
  } finally {
    await client.end();
  }
}

async function readMigrations(directory: string): Promise<MigrationFile[]> {
  const owner = basename(dirname(directory));
  const names = (await readdir(directory)).filter((name) => /^\d{3}-.+\.sql$/.test(name)).sort();
  return await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(directory, name), 'utf8');
      return { name: `${owner}/${name}`, text, sha256: createHash('sha256').update(text).digest() };
    }),
  );
}

async function createRole(client: pg.Client, role: string): Promise<void> {
  // Roles belong to the cluster, the lock to one database: somebody else may create it in between.
  await client.query(`
do $$ begin
  if not exists (select from pg_roles where rolname = '${role}') then create role ${role} login; end if;
exception when duplicate_object or unique_violation then null;
end $$`);
}

async function createSchema(client: pg.Client, schema: string): Promise<void> {
  await client.query(`create schema if not exists ${schema}`);
  await client.query(`
create table if not exists ${schema}.migration (
  name text primary key,
  sha256 bytea not null,
  applied_at timestamptz not null default now()
)`);
}

async function pending(client: pg.Client, schema: string, files: MigrationFile[]): Promise<MigrationFile[]> {
  const { rows } = await client.query<{ name: string; sha256: Buffer }>(`select name, sha256 from ${schema}.migration`);
  const applied = new Map(rows.map((row) => [row.name, row.sha256]));
  for (const file of files) {
    const known = applied.get(file.name);
    if (known !== undefined && !known.equals(file.sha256)) {
      throw new Error(
        `migration ${file.name} was changed after it had been applied to schema ${schema}: ` +
          'restore the file and put the change into a new one',
      );
    }
  }
  return files.filter((file) => !applied.has(file.name));
}

async function apply(client: pg.Client, schema: string, role: string, file: MigrationFile): Promise<void> {
  const text = file.text.replaceAll('{{schema}}', schema).replaceAll('{{role}}', role);
  try {
    await client.query('begin');
    await client.query(text);
    await client.query(`insert into ${schema}.migration (name, sha256) values ($1, $2)`, [file.name, file.sha256]);
    await client.query('commit');
  } catch (error) {
    throw new Error(`migration ${file.name} failed in schema ${schema}`, { cause: error });
  }
}
