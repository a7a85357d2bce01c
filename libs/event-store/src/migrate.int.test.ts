import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@sluice/local-stack';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { EVENT_STORE_MIGRATIONS, migrate } from './migrate.js';
import { LogDatabase } from './testing/log-database.js';
import { dumpSchema } from './testing/schema-dump.js';

let database: TestDatabase;
let pool: pg.Pool;
let root: string;
let directory: string;
let role: string;

beforeAll(async () => {
  database = await createTestDatabase(inject('pgUrl'));
  pool = new pg.Pool({ connectionString: database.url });
  pool.on('error', () => {});
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'migrations-'));
  directory = join(root, 'shop', 'migrations');
  await mkdir(directory, { recursive: true });
  role = `shop_${randomBytes(6).toString('hex')}`;
  await pool.query('drop schema if exists shop cascade');
  return () => rm(root, { recursive: true });
});

const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);
const run = (): Promise<void> => migrate(database.url, [{ schema: 'shop', role, directories: [directory] }]);

describe('migrations', () => {
  it('are applied once each, in order of their names, with schema and role in place', async () => {
    await write(
      '002-more.sql',
      'alter table {{schema}}.item add column price int; grant select on {{schema}}.item to {{role}};',
    );
    await write('001-item.sql', 'create table {{schema}}.item (name text);');
    await write('notes.txt', 'not a migration');
    await run();
    await run();
    await write('003-late.sql', 'insert into {{schema}}.item values ($$a$$, 1);');
    await run();
    await run();
    expect((await pool.query('select * from shop.item')).rows).toEqual([{ name: 'a', price: 1 }]);
    expect((await pool.query('select name, role from shop.migration order by name')).rows).toEqual([
      { name: 'shop/001-item.sql', role },
      { name: 'shop/002-more.sql', role },
      { name: 'shop/003-late.sql', role },
    ]);
  });

  it('started by several instances at once run once', async () => {
    await write('001-item.sql', 'create table {{schema}}.item (name text); select pg_sleep(0.05);');
    await Promise.all([run(), run(), run(), run()]);
    expect((await pool.query('select count(*)::int as n from shop.migration')).rows).toEqual([{ n: 1 }]);
  });

  it('that were changed after they had been applied are refused, and nothing after them runs', async () => {
    await write('001-item.sql', 'create table {{schema}}.item (name text);');
    await run();
    await write('001-item.sql', 'create table {{schema}}.item (name text, price int);');
    await write('002-more.sql', 'create table {{schema}}.more (name text);');
    await expect(run()).rejects.toThrow(/shop\/001-item\.sql was changed/);
    expect((await pool.query(`select to_regclass('shop.more') as more`)).rows).toEqual([{ more: null }]);
  });

  it('that fail leave nothing of themselves, and those before them in place', async () => {
    await write('001-item.sql', 'create table {{schema}}.item (name text);');
    await write('002-broken.sql', 'create table {{schema}}.more (name text); select 1/0;');
    await expect(run()).rejects.toThrow(/002-broken\.sql failed/);
    expect((await pool.query('select name from shop.migration')).rows).toEqual([{ name: 'shop/001-item.sql' }]);
    expect((await pool.query(`select to_regclass('shop.more') as more`)).rows).toEqual([{ more: null }]);
  });

  it('of one directory serve several roles of a schema', async () => {
    await write('001-item.sql', 'create table {{schema}}.item (name text);');
    await run();
    const reader = join(directory, 'reader');
    await mkdir(reader);
    await writeFile(
      join(reader, '010-read.sql'),
      'grant usage on schema {{schema}} to {{role}}; grant select on {{schema}}.item to {{role}};',
    );
    const roles = [`${role}_a`, `${role}_b`];
    await migrate(
      database.url,
      roles.map((name) => ({ schema: 'shop', role: name, directories: [reader] })),
    );
    const { rows } = await pool.query(
      `select bool_and(has_table_privilege(name, 'shop.item', 'select')) as all_read from unnest($1::text[]) name`,
      [roles],
    );
    expect(rows).toEqual([{ all_read: true }]);
  });

  it('refuse names that could be more than a name', async () => {
    await expect(migrate(database.url, [{ schema: 'a; drop', role, directories: [] }])).rejects.toThrow(/plain/);
    await expect(migrate(database.url, [{ schema: 'a', role: 'b"c', directories: [] }])).rejects.toThrow(/plain/);
  });
});

describe("the log's schema", () => {
  let db: LogDatabase;
  beforeAll(async () => {
    db = await LogDatabase.create(inject('pgUrl'));
  });
  afterAll(() => db.close());

  it('is the one that is checked in', async () => {
    const dump = await dumpSchema(db.admin, 'log', { [db.role]: 'the_service' });
    await expect(dump).toMatchFileSnapshot('../migrations/schema.txt');
  });

  it('lets the service add to the log and read it, and never change or delete what it says', async () => {
    const { rows } = await db.admin.query<{ table_name: string; privileges: string[] }>(
      `select table_name, array_agg(lower(privilege_type)::text order by privilege_type) as privileges
         from information_schema.role_table_grants where grantee = $1 group by table_name order by table_name`,
      [db.role],
    );
    expect(rows).toEqual([
      { table_name: 'event', privileges: ['insert', 'select'] },
      { table_name: 'idempotency', privileges: ['insert', 'select'] },
      { table_name: 'rebuild', privileges: ['insert', 'select', 'update'] },
      { table_name: 'rebuild_difference', privileges: ['delete', 'insert', 'select', 'update'] },
      { table_name: 'rebuild_progress', privileges: ['delete', 'insert', 'select', 'update'] },
      { table_name: 'rebuild_stream_state', privileges: ['delete', 'insert', 'select', 'truncate', 'update'] },
      { table_name: 'relay_cursor', privileges: ['select', 'update'] },
      { table_name: 'relay_halted', privileges: ['delete', 'insert', 'select', 'update'] },
      { table_name: 'stream_state', privileges: ['insert', 'select', 'update'] },
    ]);
    const pool = db.pool();
    for (const text of ['update log.event set version = 2', 'delete from log.event', 'truncate log.event']) {
      await expect(pool.query(text)).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('ends a transaction of the service that idles, since it would hold back every reader of the log', async () => {
    const { rows } = await db.pool().query('show idle_in_transaction_session_timeout');
    expect(rows).toEqual([{ idle_in_transaction_session_timeout: '10s' }]);
  });

  it('was migrated from the files of the package', async () => {
    const rows = await db.rows<{ name: string }>('select name from log.migration order by name');
    expect(rows.map(({ name }) => name)).toEqual([
      'event-store/001-event-log.sql',
      'event-store/002-relay.sql',
      'event-store/003-rebuild.sql',
      'event-store/004-upkeep.sql',
    ]);
    expect(EVENT_STORE_MIGRATIONS).toMatch(/event-store\/migrations$/);
  });
});
