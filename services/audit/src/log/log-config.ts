import { TOPICS } from '@sluice/contracts';
import { FileTileStorage, type S3Place, S3TileStorage, type TileStorage } from '@sluice/merkle-log';
import { InvalidConfig } from '@sluice/platform';
import { EPOCH_MS } from '../completeness/heads-maker.js';
import { readWitnessConfig, type WitnessConfig } from './witnesses/witness-config.js';

/** Where the verifiable log lies, what it is called, and where its checkpoints are announced. */
export interface LogConfig {
  /** Where the log's files are; instances of the service share it. */
  place: { folder: string } | S3Place;
  /** The log's name in checkpoints and keys (https://c2sp.org/tlog-checkpoint): never changed once there are leaves. */
  origin: string;
  checkpointTopic: string;
  /** From one epoch of heads of the histories to the next, ms. */
  headsEveryMs: number;
  witnessing: WitnessConfig;
}

/** Injection token of the secret that the salts of commitments come from. */
export const LOG_SALT_SECRET = Symbol('audit.log-salt-secret');

/** Injection token of the storage of the log's files. */
export const TILE_STORAGE = Symbol('audit.tile-storage');

export function tileStorageAt(place: LogConfig['place']): TileStorage {
  return 'folder' in place ? new FileTileStorage(place.folder) : new S3TileStorage(place);
}

const DEFAULT_ORIGIN = 'sluice.local/log';

/** @throws InvalidConfig */
export function readLogConfig(env: NodeJS.ProcessEnv = process.env): LogConfig {
  return {
    place: readPlace(env),
    origin: env.SLUICE_LOG_ORIGIN ?? DEFAULT_ORIGIN,
    checkpointTopic: TOPICS.checkpoints.name,
    headsEveryMs: EPOCH_MS,
    witnessing: readWitnessConfig(env),
  };
}

/** SLUICE_LOG_DIR, or SLUICE_LOG_S3_BUCKET_URL with region, key and secret. */
function readPlace(env: NodeJS.ProcessEnv): LogConfig['place'] {
  const { SLUICE_LOG_DIR: folder, SLUICE_LOG_S3_BUCKET_URL: bucketUrl } = env;
  if (folder && bucketUrl) throw invalid('SLUICE_LOG_DIR (a log is in a folder or in a bucket, not in both)');
  if (folder) return { folder };
  if (!bucketUrl) throw invalid('SLUICE_LOG_DIR (missing)');
  const required = (name: string): string => env[name] || fail(`${name} (missing)`);
  if (!URL.canParse(bucketUrl)) throw invalid('SLUICE_LOG_S3_BUCKET_URL (not an address)');
  const prefix = env.SLUICE_LOG_S3_PREFIX ?? '';
  if (!S3_PREFIX.test(prefix)) throw invalid('SLUICE_LOG_S3_PREFIX (names with a slash after each)');
  return {
    bucketUrl,
    prefix,
    region: required('SLUICE_LOG_S3_REGION'),
    accessKeyId: required('SLUICE_LOG_S3_ACCESS_KEY_ID'),
    secretAccessKey: required('SLUICE_LOG_S3_SECRET_ACCESS_KEY'),
  };
}

/** What needs no escaping in an address or in an answer. */
const S3_PREFIX = /^([A-Za-z0-9._-]+\/)*$/;

function invalid(what: string): InvalidConfig {
  return new InvalidConfig(`The environment does not describe this service: ${what}`);
}

function fail(what: string): never {
  throw invalid(what);
}
