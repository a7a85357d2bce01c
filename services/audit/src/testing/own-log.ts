import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOPICS } from '@sluice/contracts';
import { ensureTopics, type KafkaConnection } from '@sluice/messaging';
import { FileKeyProvider } from '@sluice/vault';
import type { LogConfig } from '../log/log-config.js';
import { NO_WITNESSES } from '../log/witnesses/witness-config.js';
import { created } from './scope.js';

/** Where the instances of one service keep their log and their keys. */
export interface LogPlaces {
  /** In a folder. */
  log: LogConfig & { folder: string };
  keyDir: string;
}

/** A log, keys and a topic for checkpoints that one test file has for itself. */
export async function ownLog(connection: KafkaConnection, prefix: string): Promise<LogPlaces> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-log-'));
  const keyDir = join(folder, 'keys');
  await FileKeyProvider.createRootKey(keyDir);
  const checkpointTopic = prefix + TOPICS.checkpoints.name;
  await created(() =>
    ensureTopics(connection, [{ topic: checkpointTopic, partitions: TOPICS.checkpoints.partitions }]),
  );
  const logFolder = join(folder, 'log');
  const log = {
    folder: logFolder,
    place: { folder: logFolder },
    origin: 'sluice.test/log',
    checkpointTopic,
    headsEveryMs: 200,
    witnessing: NO_WITNESSES,
  };
  return { keyDir, log };
}
