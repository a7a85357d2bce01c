import { TOPICS } from '@sluice/contracts';
import { InvalidConfig } from '@sluice/platform';
import { EPOCH_MS } from '../completeness/heads-maker.js';
import { readWitnessConfig, type WitnessConfig } from './witnesses/witness-config.js';

/** Where the verifiable log lies, what it is called, and where its checkpoints are announced. */
export interface LogConfig {
  /** Folder of the log's files; instances of the service share it. */
  folder: string;
  /** The log's name in checkpoints and keys (https://c2sp.org/tlog-checkpoint): never changed once there are leaves. */
  origin: string;
  checkpointTopic: string;
  /** From one epoch of heads of the histories to the next, ms. */
  headsEveryMs: number;
  witnessing: WitnessConfig;
}

/** Injection token of the secret that the salts of commitments come from. */
export const LOG_SALT_SECRET = Symbol('audit.log-salt-secret');

const DEFAULT_ORIGIN = 'sluice.local/log';

/** @throws InvalidConfig */
export function readLogConfig(env: NodeJS.ProcessEnv = process.env): LogConfig {
  const folder = env.SLUICE_LOG_DIR;
  if (!folder) throw new InvalidConfig('The environment does not describe this service: SLUICE_LOG_DIR (missing)');
  return {
    folder,
    origin: env.SLUICE_LOG_ORIGIN ?? DEFAULT_ORIGIN,
    checkpointTopic: TOPICS.checkpoints.name,
    headsEveryMs: EPOCH_MS,
    witnessing: readWitnessConfig(env),
  };
}
