import { SERVICES } from '@sluice/contracts';
import { migrate } from '@sluice/event-store';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { createTestDatabase } from '../testing/test-database.js';
import { migrationPlans } from './schema.js';

/** Not the logs of a busy system: what autovacuum does by itself is nothing there. Of some a column may be changed. */
const SLOW = [
  'audit.alarm',
  'audit.case_file',
  'audit.heads_leaf',
  'audit.notice',
  'audit.seal',
  'consent.parked_action',
  'consent.shown_text',
  'registry.identity_index',
  'registry.milestone',
  'registry.parked_action',
  'vetting.parked_action',
  'vetting.sanction_fence',
];

const ONLY_ADDED_TO = `
select table_schema || '.' || table_name as name,
       coalesce('autovacuum_freeze_min_age=0' = any (c.reloptions), false) as says_so
  from information_schema.role_table_grants
  join pg_class c on c.oid = format('%I.%I', table_schema, table_name)::regclass and c.relpersistence = 'p'
 where table_schema = any ($1) and grantee <> current_user
 group by table_schema, table_name, c.reloptions
having bool_or(privilege_type = 'INSERT') and not bool_or(privilege_type in ('UPDATE', 'DELETE'))
 order by name`;

test('each table that a service may only add to says so, or grows slowly', async () => {
  const database = await createTestDatabase(inject('pgUrl'));
  await migrate(database.url, migrationPlans());
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query<{ name: string; says_so: boolean }>(ONLY_ADDED_TO, [SERVICES]);
  await client.end();
  await database.drop();
  const silent = rows.filter(({ says_so }) => !says_so).map(({ name }) => name);
  expect(silent).toEqual(SLOW);
  expect(rows.filter(({ says_so }) => says_so).map(({ name }) => name)).toContain('audit.history');
});
