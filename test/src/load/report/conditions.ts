import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { dirname } from 'node:path';
import pg from 'pg';
import type { Bench } from '../bench.js';

/** What the figures hold for. */
export interface Conditions {
  at: string;
  cpu: string;
  cores: number;
  memoryGb: number;
  system: string;
  node: string;
  postgres: string;
  kafka: string;
  /** Where services take memory from that is not V8's. */
  allocator: 'jemalloc' | 'the C library';
  persons: number;
  fanOut: number;
  /** What else the machine was doing just before, as Linux counts it. */
  loadAverage: number;
}

export async function conditions(bench: Bench, loadAverage: number): Promise<Conditions> {
  const { population, stack } = bench;
  return {
    at: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: totalmem() / 2 ** 30,
    system: `${type()} ${release()}`,
    node: process.version,
    postgres: await postgresVersion(stack.postgresUrl),
    kafka: kafkaVersion(stack.infrastructure.kafka!.pid),
    allocator: allocatorOf(stack.service('registry').pid),
    persons: population.subjects.length,
    fanOut: population.agencies.length,
    loadAverage,
  };
}

export function loadAverageNow(): number {
  return loadavg()[0]!;
}

async function postgresVersion(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]!.server_version;
  } finally {
    await client.end();
  }
}

/** From the name of the broker's jar on its class path. */
function kafkaVersion(pid: number): string {
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const classPath = args[args.indexOf('-cp') + 1]!;
  const jars = readdirSync(dirname(classPath)).map((name) => /^kafka_[\d.]+-([\d.]+)\.jar$/.exec(name)?.[1]);
  return jars.find((version) => version !== undefined) ?? 'unknown';
}

function allocatorOf(pid: number): Conditions['allocator'] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8').includes('libjemalloc') ? 'jemalloc' : 'the C library';
}
