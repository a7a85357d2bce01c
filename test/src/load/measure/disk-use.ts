import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalStack } from '@sluice/local-stack';
import pg from 'pg';

/** Bytes on disk, by where they are. */
export interface DiskUse {
  /** With indexes, by `schema.table`. */
  tables: Map<string, number>;
  /** Over all partitions. */
  topics: Map<string, number>;
  /** Of the verifiable log's folder: of what was written, and with the file system's blocks. */
  log: { bytes: number; allocated: number; files: number };
}

/** From where `statSync` counts in. */
const BLOCK_BYTES = 512;

const TABLES = `select n.nspname || '.' || c.relname as name, pg_total_relation_size(c.oid)::float8 as bytes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema')`;

export async function diskUse({ postgresUrl, infrastructure: { data } }: LocalStack): Promise<DiskUse> {
  const log = filesBelow(data.at('log'));
  return {
    tables: await tables(postgresUrl),
    topics: topics(data.at('kafka')),
    log: {
      bytes: log.reduce((sum, { bytes }) => sum + bytes, 0),
      allocated: log.reduce((sum, { allocated }) => sum + allocated, 0),
      files: log.length,
    },
  };
}

async function tables(connectionString: string): Promise<Map<string, number>> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; bytes: number }>(TABLES);
    return new Map(rows.map(({ name, bytes }) => [name, bytes]));
  } finally {
    await client.end();
  }
}

/** A broker's folders are named after topic and partition; index files are larger than what is allocated for them. */
function topics(folder: string): Map<string, number> {
  const use = new Map<string, number>();
  for (const { path, allocated } of filesBelow(folder)) {
    const topic = /\/([^/]+)-\d+\/[^/]+$/.exec(path)?.[1];
    if (topic !== undefined) use.set(topic, (use.get(topic) ?? 0) + allocated);
  }
  return use;
}

interface FileUse {
  path: string;
  bytes: number;
  allocated: number;
}

function filesBelow(folder: string): FileUse[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap(({ parentPath, name }) => {
      const path = join(parentPath, name);
      // Partial tiles and old segments come and go.
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ path, bytes: stat.size, allocated: stat.blocks * BLOCK_BYTES }];
    });
}
