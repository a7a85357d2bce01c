import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { listAlarms, listPartitions, SERVICES } from '@sluice/contracts';
import type { ServiceClient } from '../access/service-client.js';
import { Failure } from '../failure.js';
import { observeService } from '../observe/observe-service.js';
import { parkedChanges } from '../parked/parked-changes.js';
import { type Diagnosis, trouble, unseen, well } from './diagnosis.js';
import { checkpointDiagnosis } from './log-checkpoint.js';
import { partitionsDiagnosis, somethingWaits } from './partitions.js';
import { alarmsDiagnosis, parkedDiagnosis } from './recorded.js';
import { serviceHealth } from './service-health.js';

/** Between two looks at what waits: long enough for a batch, a dispatch and a commit. */
const LOOK_AGAIN_MS = 2_000;
/** PostgreSQL and Kafka write this much within minutes under load. */
const LEAST_FREE_BYTES = 1024 ** 3;

/** Looks at everything. Never rejects for what is away or not allowed: that is part of what is found. */
export async function examine(services: ServiceClient, alarmsSinceMs: number): Promise<Diagnosis[]> {
  const { dataDir } = services.access;
  const logFile = (service: string) => dataDir && join(dataDir, 'logs', `${service}.log`);
  const found = await Promise.all([
    ...SERVICES.map(async (service) => {
      if (services.access.urlOf(service) === undefined) return [unseen(service, 'alive', 'no address is given')];
      return serviceHealth(await observeService(services, service), logFile(service));
    }),
    looking('delivery', 'partitions', async () => examinePartitions(services)),
    looking('delivery', 'parked changes', async () => [parkedDiagnosis(await parkedChanges(services))]),
    looking('audit', 'alarms', async () => {
      const { alarms } = await services.call(listAlarms, 'operator');
      return [alarmsDiagnosis(alarms, new Date(Date.now() - alarmsSinceMs))];
    }),
    looking('audit', 'log checkpoint', async () => {
      return [checkpointDiagnosis(await services.fetch('audit', '/log/checkpoint'), new Date())];
    }),
    dataDir === undefined ? [] : looking('this machine', 'disk', async () => [await examineDisk(dataDir)]),
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

async function examinePartitions(services: ServiceClient): Promise<Diagnosis[]> {
  const before = (await services.call(listPartitions, 'operator')).partitions;
  if (!somethingWaits(before)) return partitionsDiagnosis(before, before);
  await pause(LOOK_AGAIN_MS);
  return partitionsDiagnosis(before, (await services.call(listPartitions, 'operator')).partitions);
}

async function examineDisk(dataDir: string): Promise<Diagnosis> {
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB free for ${dataDir}`;
  if (free >= LEAST_FREE_BYTES) return well('this machine', 'disk', found);
  return trouble(
    'this machine',
    'disk',
    found,
    'Free some room: services stop recording, and so releasing, on a full disk.',
  );
}
