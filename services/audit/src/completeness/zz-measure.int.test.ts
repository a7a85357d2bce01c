import { createSecretKey, randomBytes } from 'node:crypto';
import { createTestDatabase } from '@sluice/local-stack';
import { Pool } from 'pg';
import { inject, test } from 'vitest';
import { prepareAuditDatabase } from '../testing/audit-database.js';
import { HeadsStore } from './heads-store.js';
import { FED_ROW_BYTES } from './history-feed.js';

test('measure', async () => {
  const database = await createTestDatabase(inject('pgUrl'));
  const pool = new Pool({ connectionString: await prepareAuditDatabase(database.url), max: 2 });
  const admin = new Pool({ connectionString: database.url, max: 1 });
  const store = new HeadsStore(pool, createSecretKey(randomBytes(32)));
  const persons = randomBytes(16 * 1_000_000);
  const feed = async (rows: (i: number) => number, count: number) => {
    for (let done = 0; done < count; done += 2_000) {
      const bytes = randomBytes(2_000 * FED_ROW_BYTES);
      for (let i = 0; i < 2_000; i++) {
        const p = rows(done + i) * 16;
        persons.copy(bytes, i * FED_ROW_BYTES, p, p + 16);
        bytes[i * FED_ROW_BYTES + 16] = 1;
        bytes[i * FED_ROW_BYTES + 17] = persons[p]! % 6;
      }
      await pool.query('insert into audit.heads_feed (partition, topics, next_offsets, rows) values (1, $1, $2, $3)', [['delivery.ledger'], [String(done)], bytes]);
    }
  };
  const fold = async (what: string) => {
    const b = await admin.query('select pg_current_wal_lsn() as lsn');
    const t = performance.now();
    const c = process.cpuUsage();
    let rows = 0;
    let n = 0;
    for (;;) {
      const f = await store.fold(0);
      if (f.rows === 0) break;
      rows += f.rows;
      n += 1;
      await admin.query('update audit.heads set leaf = null');
    }
    const d = process.cpuUsage(c);
    const w = await admin.query('select pg_wal_lsn_diff(pg_current_wal_lsn(), $1) as d', [b.rows[0].lsn]);
    process.stderr.write(`${what} ${JSON.stringify({ rows, folds: n, ms: Math.round(performance.now() - t), cpuMs: Math.round((d.user + d.system) / 1000), usPerRow: ((d.user + d.system) / rows).toFixed(2), walMB: Math.round(w.rows[0].d / 1e6) })}\n`);
  };
  await feed((i) => i % 20_000, 20_000);
  await fold('20,000 new persons');
  await feed(() => Math.floor(Math.random() * 20_000), 160_000);
  await fold('160,000 rows of 20,000 persons');
  await feed((i) => i, 1_000_000);
  await fold('a million persons');
  await feed(() => Math.floor(Math.random() * 20_000), 160_000);
  await fold('160,000 rows of 20,000 persons, of a million');
  await feed(() => Math.floor(Math.random() * 1_000_000), 160_000);
  await fold('160,000 rows of 150,000 persons, of a million');
  process.stderr.write(`${JSON.stringify((await admin.query("select pg_size_pretty(pg_total_relation_size('audit.heads_bucket')) as size")).rows)}\n`);
  await pool.end();
  await admin.end();
  await database.drop();
}, 900_000);
