import { createHash, generateKeyPairSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import { folderSource, parseVerifierKey, verifyLog } from '@sluice/log-verifier';
import { FileTileStorage, type HighWater, LogWriter, NoteKey, type TreeHead } from '@sluice/merkle-log';
import pg from 'pg';
import type { Bench } from '../bench.js';
import type { Figure } from './scenario.js';

const BATCH = 2_500;
const ORIGIN = 'sluice.bench/log';

/** Leaves of the service's form into a log on the stack's disk, its head in the stack's PostgreSQL; then verified. */
export async function logLimits({ stack }: Bench, seconds: number): Promise<Figure[]> {
  const folder = stack.infrastructure.data.at('bench-log');
  const key = new NoteKey(ORIGIN, generateKeyPairSync('ed25519').privateKey);
  const client = new pg.Client({ connectionString: stack.postgresUrl });
  await client.connect();
  try {
    await client.query('create temporary table head (size bigint not null, root bytea not null)');
    const writer = await LogWriter.open({ storage: new FileTileStorage(folder), highWater: highWater(client), key });
    const startedAt = performance.now();
    while (performance.now() - startedAt < seconds * 1_000) await writer.append(leaves(writer.head.size));
    const written = writer.head.size / ((performance.now() - startedAt) / 1_000);
    const cpuBefore = process.cpuUsage();
    const verifiedFrom = performance.now();
    const report = await verifyLog({ source: folderSource(folder), log: parseVerifierKey(key.verifierKey) });
    const tookS = (performance.now() - verifiedFrom) / 1_000;
    const { user, system } = process.cpuUsage(cpuBefore);
    if (report.findingCount > 0) throw new Error('the log that was measured is not right');
    return [
      { what: `leaves written, ${BATCH} a batch, durable`, value: written, unit: '/s' },
      {
        what: `leaves verified, of ${report.size}`,
        value: report.size / tookS,
        unit: '/s',
        target: { atLeast: 200_000 },
      },
      { what: 'leaves verified a second of one core', value: (report.size * 1e6) / (user + system), unit: '' },
    ];
  } finally {
    await client.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function leaves(from: number): Buffer[] {
  return Array.from({ length: BATCH }, (_, at) => {
    const digest = createHash('sha256')
      .update(`${from + at}`)
      .digest('base64');
    return Buffer.from(`record registry.events/3@${from + at} ${digest}`, 'latin1');
  });
}

function highWater(client: pg.Client): HighWater {
  return {
    async load() {
      const { rows } = await client.query<{ size: string; root: Buffer }>('select size, root from head for update');
      return rows[0] && { size: Number(rows[0].size), root: rows[0].root };
    },
    async save(previous: TreeHead | undefined, next: TreeHead) {
      const { rowCount } =
        previous === undefined
          ? await client.query('insert into head values ($1, $2)', [next.size, next.root])
          : await client.query('update head set size = $3, root = $4 where size = $1 and root = $2', [
              previous.size,
              previous.root,
              next.size,
              next.root,
            ]);
      return rowCount === 1;
    },
  };
}
