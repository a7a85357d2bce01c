import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestDatabase } from '@sluice/local-stack';
import { Client, Pool } from 'pg';
import { MESSAGING_MIGRATIONS } from '../migrations.js';

/** A database with the table of parked messages, and a pool of the role that a service has on it. */
export async function createTestSchema(pgUrl: string): Promise<{ pool: Pool; schema: string; drop(): Promise<void> }> {
  const database = await createTestDatabase(pgUrl);
  const role = `${new URL(database.url).pathname.slice(1)}_role`;
  const schema = 'test';
  const admin = new Client(database.url);
  await admin.connect();
  await admin.query(
    `create role ${role} login password 'test'; create schema ${schema}; grant usage on schema ${schema} to ${role}`,
  );
  for (const file of (await readdir(MESSAGING_MIGRATIONS)).sort()) {
    const sql = await readFile(join(MESSAGING_MIGRATIONS, file), 'utf8');
    await admin.query(sql.replaceAll('{{schema}}', schema).replaceAll('{{role}}', role));
  }
  await admin.end();
  const url = Object.assign(new URL(database.url), { username: role, password: 'test' });
  const pool = new Pool({ connectionString: url.href });
  pool.on('error', () => {}); // a connection that is closed late meets the end of its database
  return {
    pool,
    schema,
    drop: async () => {
      await pool.end();
      await database.drop();
      const cleaner = new Client(pgUrl);
      await cleaner.connect();
      await cleaner.query(`drop role ${role}`);
      await cleaner.end();
    },
  };
}
