import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  listAlarms,
  listPartitions,
  listReplays,
  REBUILD_ENDPOINTS,
  SERVICES,
  type ServiceName,
} from '@sluice/contracts';
import type { ServiceClient } from '../access/service-client.js';
import { Failure } from '../failure.js';
import { observeService } from '../observe/observe-service.js';
import { parkedChanges } from '../parked/parked-changes.js';
import { type Diagnosis, trouble, unseen, well } from './diagnosis.js';
import { checkpointDiagnosis } from './log-checkpoint.js';
import { partitionsDiagnosis } from './partitions.js';
import { alarmsDiagnosis, parkedDiagnosis } from './recorded.js';
import { rebuildsDiagnosis, replaysDiagnosis } from './repetitions.js';
import { serviceHealth } from './service-health.js';
import { witnessesDiagnosis } from './witnesses.js';

/** Between two looks at what should move: long enough for a batch and a commit, and for two checkpoints. */
const LOOK_AGAIN_MS = 2_500;
/** PostgreSQL and Kafka write this much within minutes under load. */
const LEAST_FREE_BYTES = 1024 ** 3;

/** Looks at everything. Never rejects for what is away or not allowed: that is part of what is found. */
export async function examine(services: ServiceClient, alarmsSinceMs: number): Promise<Diagnosis[]> {
  const { dataDir } = services.access;
  const alarmsSince = new Date(Date.now() - alarmsSinceMs);
  const found = await Promise.all([
    ...SERVICES.map((service) => examineService(services, service)),
    looking('delivery', 'partitions', () => examinePartitions(services)),
    looking('delivery', 'parked changes', async () => [parkedDiagnosis(await parkedChanges(services))]),
    looking('delivery', 'redeliveries', () => examineReplays(services)),
    looking('all services', 'rebuilds', () => examineRebuilds(services, alarmsSince)),
    looking('audit', 'alarms', async () => {
      const { alarms } = await services.call(listAlarms, 'operator');
      return [alarmsDiagnosis(alarms, alarmsSince)];
    }),
    looking('audit', 'log checkpoint', () => examineLog(services)),
    dataDir === undefined ? [] : examineDisk(dataDir),
  ]);
  return found.flat();
}

async function looking(where: string, check: string, look: () => Promise<Diagnosis[]>): Promise<Diagnosis[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [unseen(where, check, error.message)];
  }
}

async function examineService(services: ServiceClient, service: ServiceName): Promise<Diagnosis[]> {
  const { dataDir } = services.access;
  if (services.access.urlOf(service) === undefined) return [unseen(service, 'alive', 'no address is given')];
  const logFile = dataDir && join(dataDir, 'logs', `${service}.log`);
  return serviceHealth(await observeService(services, service), logFile);
}

async function examinePartitions(services: ServiceClient): Promise<Diagnosis[]> {
  const before = (await services.call(listPartitions, 'operator')).partitions;
  await pause(LOOK_AGAIN_MS);
  return partitionsDiagnosis(before, (await services.call(listPartitions, 'operator')).partitions);
}

async function examineReplays(services: ServiceClient): Promise<Diagnosis[]> {
  const before = (await services.call(listReplays, 'operator')).replays;
  if (before.some(({ state }) => state === 'running')) await pause(LOOK_AGAIN_MS);
  return [replaysDiagnosis(before, (await services.call(listReplays, 'operator')).replays)];
}

async function examineRebuilds(services: ServiceClient, failedSince: Date): Promise<Diagnosis[]> {
  const found = await Promise.all(
    SERVICES.map(async (service) => {
      const { rebuilds } = await services.call(REBUILD_ENDPOINTS[service].list, 'operator');
      return [service, rebuilds] as const;
    }),
  );
  return [rebuildsDiagnosis(found, failedSince)];
}

async function examineLog(services: ServiceClient): Promise<Diagnosis[]> {
  const before = await observeService(services, 'audit');
  if (!before.alive) return [unseen('audit', 'log checkpoint', before.failure ?? 'no answer')];
  await pause(LOOK_AGAIN_MS);
  const answer = await services.fetch('audit', '/log/checkpoint');
  const after = await observeService(services, 'audit');
  return [checkpointDiagnosis(answer, before, after), witnessesDiagnosis(after)];
}

async function examineDisk(dataDir: string): Promise<Diagnosis[]> {
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB free for ${dataDir}`;
  if (free >= LEAST_FREE_BYTES) return [well('this machine', 'disk', found)];
  const advice = 'Free some room: on a full disk services stop recording, and so releasing.';
  return [trouble('this machine', 'disk', found, advice)];
}
