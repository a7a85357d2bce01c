import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
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
  /** From the name of its package or service on, as in `vault/reader/011-x.sql`: the same wherever it is installed. */
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
    for (const part of plan) {
      await createRole(client, plainName(part.role));
      await createSchema(client, plainName(part.schema));
      const files = (await Promise.all(part.directories.map(readMigrations))).flat();
      for (const file of await pending(client, part, files)) await apply(client, part, file);
    }
  } finally {
    await client.end();
  }
}

async function readMigrations(directory: string): Promise<MigrationFile[]> {
  const owner = ownerOf(resolve(directory));
  const names = (await readdir(directory)).filter((name) => /^\d{3}-.+\.sql$/.test(name)).sort();
  return await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(directory, name), 'utf8');
      return { name: `${owner}/${name}`, text, sha256: createHash('sha256').update(text).digest() };
    }),
  );
}

/** Of `/srv/sluice/libs/vault/migrations/reader`: `vault/reader`. */
function ownerOf(directory: string): string {
  const parts = directory.split(sep);
  const at = parts.lastIndexOf('migrations');
  return at < 1 ? basename(directory) : [parts[at - 1], ...parts.slice(at + 1)].join('/');
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
  name text,
  role text,
  sha256 bytea not null,
  applied_at timestamptz not null default now(),
  primary key (name, role)
)`);
}

/** Files that were not applied for this role; one file may serve several roles of a schema, as one that only grants does. */
async function pending(
  client: pg.Client,
  { schema, role }: MigrationPlan,
  files: MigrationFile[],
): Promise<MigrationFile[]> {
  const { rows } = await client.query<{ name: string; sha256: Buffer }>(
    `select name, sha256 from ${schema}.migration where role = $1`,
    [role],
  );
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

async function apply(client: pg.Client, { schema, role }: MigrationPlan, file: MigrationFile): Promise<void> {
  const text = file.text.replaceAll('{{schema}}', schema).replaceAll('{{role}}', role);
  try {
    await client.query('begin');
    await client.query(text);
    await client.query(`insert into ${schema}.migration (name, role, sha256) values ($1, $2, $3)`, [
      file.name,
      role,
      file.sha256,
    ]);
    await client.query('commit');
  } catch (error) {
    throw new Error(`migration ${file.name} failed in schema ${schema}`, { cause: error });
  }
}
