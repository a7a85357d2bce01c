import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Infrastructure, startInfrastructure } from './infrastructure.js';
import { PACKAGE_ROOT } from './paths.js';
import { freeInfrastructurePorts, type InfrastructurePorts } from './ports.js';
import { isAlive } from './process/identity.js';
import { consumeOne, produceOne } from './testing/kafka-probe.js';
import { temporaryDataDir } from './testing/test-infrastructure.js';

let dataDir: ReturnType<typeof temporaryDataDir>;
let ports: InfrastructurePorts;
let infrastructure: Infrastructure | undefined;
let abandoned: ChildProcess | undefined;

beforeEach(async () => {
  dataDir = temporaryDataDir();
  ports = await freeInfrastructurePorts();
});
afterEach(async () => {
  abandoned?.kill('SIGKILL');
  await infrastructure?.stop();
  infrastructure = undefined;
  dataDir.remove();
});

const start = async ({ durable = false } = {}) => {
  infrastructure = await startInfrastructure({ dataDir: dataDir.path, ports, durable });
  return infrastructure;
};

describe('what was acknowledged', () => {
  test('survives kill -9 of everything', async () => {
    const first = await start({ durable: true });
    await query(first, 'create table kept (value text)');
    await query(first, `insert into kept values ('in the database')`);
    await produceOne(first.kafka!.internal, scram(first), 'registry.events', 'in the topic');
    await Promise.all([first.postgres!.kill(), first.kafka!.kill(), first.issuer.kill()]);
    await first.stop();

    const second = await start({ durable: true });
    expect(await query(second, 'select value from kept')).toEqual([{ value: 'in the database' }]);
    expect(await consumeOne(second.kafka!.internal, scram(second), 'registry.events')).toBe('in the topic');
  });

  test('survives a restart of each part by itself', async () => {
    const { postgres, kafka } = await start();
    await query(infrastructure!, 'create table kept (value text)');
    await postgres!.restart();
    expect(await query(infrastructure!, 'select * from kept')).toEqual([]);
    await kafka!.kill();
    expect(kafka!.isRunning).toBe(false);
    await kafka!.start();
    await produceOne(kafka!.internal, scram(infrastructure!), 'registry.events', 'after the kill');
  });
});

describe('a stack that was killed', () => {
  test('takes its processes with it', async () => {
    const pids = await startAbandoned();
    abandoned!.kill('SIGKILL');
    await expect.poll(() => pids.some(isAlive), { interval: 200 }).toBe(false);
  });

  test('and could not, keeps its data folder until then and leaves processes that the next start ends', async () => {
    const pids = await startAbandoned();
    await expect(start()).rejects.toMatchObject({
      code: 'data-in-use',
      message: `Another stack (process ${abandoned!.pid}) is using ${dataDir.path}; stop it, or choose another folder with --data-dir and other ports with --port-base.`,
    });
    process.kill(pids[0]!, 'SIGKILL'); // the guard
    abandoned!.kill('SIGKILL');
    await once(abandoned!, 'exit');
    expect(pids.slice(1).every(isAlive)).toBe(true);
    const next = await start();
    expect(pids.some(isAlive)).toBe(false);
    expect(await query(next, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

test('a taken port is named, and nothing is left running or locked', async () => {
  const other = createServer().listen(ports.kafkaAgency, '127.0.0.1');
  await once(other, 'listening');
  try {
    await expect(start()).rejects.toMatchObject({
      code: 'port-busy',
      message: expect.stringMatching(`^Port ${ports.kafkaAgency} .*--port-base`),
    });
  } finally {
    other.close();
  }
  expect(readdirSync(join(dataDir.path, 'run'))).toEqual([]);
  expect(existsSync(join(dataDir.path, 'stack.lock'))).toBe(false);
});

/** A stack in a process of its own. Resolves with the pids of its guard, issuer, PostgreSQL and Kafka. */
async function startAbandoned(): Promise<number[]> {
  const script = `
    const { startInfrastructure } = await import(${JSON.stringify(join(PACKAGE_ROOT, 'dist', 'index.js'))});
    const it = await startInfrastructure(${JSON.stringify({ dataDir: dataDir.path, ports })});
    console.log(JSON.stringify([it.guardian.pid, it.issuer.pid, it.postgres.pid, it.kafka.pid]));
    setInterval(() => {}, 1000);`;
  abandoned = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: abandoned.stdout! }), 'line')) as [string];
  return JSON.parse(line);
}

async function query(on: Infrastructure, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: on.postgres!.url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

function scram(on: Infrastructure) {
  return { mechanism: 'SCRAM-SHA-512', ...on.kafka!.admin } as const;
}
