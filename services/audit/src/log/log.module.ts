import type { KeyObject } from 'node:crypto';
import { type DynamicModule, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { NoteKey, type TileStorage } from '@sluice/merkle-log';
import { createRecordProducer } from '@sluice/messaging';
import {
  LOGGER,
  type Logger,
  Metrics,
  ReadinessChecks,
  SERVICE_CONFIG,
  type ServiceConfig,
  SHUTDOWN_ORDER,
  Shutdown,
} from '@sluice/platform';
import { FileKeyProvider } from '@sluice/vault';
import { Pool } from 'pg';
import { RecordDigest } from '../intake/record-digest.js';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { SALT_SECRET } from './block-commitments.js';
import { LeafProofs } from './leaf-proofs.js';
import { LOG_SALT_SECRET, type LogConfig, TILE_STORAGE, tileStorageAt } from './log-config.js';
import { LogKeeper } from './log-keeper.js';
import { openLogKey } from './log-key.js';
import { LogSession } from './log-session.js';
import { LogStatus } from './log-status.js';
import { ServeLog } from './serve-log.js';
import { WitnessStatus } from './witnesses/witness-status.js';
import { WitnessedCheckpoint } from './witnesses/witnessed-checkpoint.js';
import { WitnessedStore } from './witnesses/witnessed-store.js';

/** The verifiable log: its keeper, and its files over HTTP. */
@Module({})
export class LogModule implements OnApplicationBootstrap {
  constructor(private readonly keeper: LogKeeper) {}

  static of(config: LogConfig): DynamicModule {
    return {
      module: LogModule,
      providers: [
        { provide: TILE_STORAGE, useValue: tileStorageAt(config.place) },
        {
          provide: NoteKey,
          inject: [SERVICE_CONFIG],
          useFactory: ({ keyDir }: ServiceConfig) => openLogKey(keyDir, config.origin),
        },
        {
          provide: LOG_SALT_SECRET,
          inject: [SERVICE_CONFIG],
          useFactory: async ({ keyDir }: ServiceConfig) => (await FileKeyProvider.open(keyDir)).secret(SALT_SECRET),
        },
        {
          provide: LogKeeper,
          inject: [
            SERVICE_CONFIG,
            AUDIT_SCOPE,
            TILE_STORAGE,
            NoteKey,
            LOG_SALT_SECRET,
            LogStatus,
            WitnessedStore,
            WitnessStatus,
            LOGGER,
            Shutdown,
          ],
          useFactory: createKeeper(config),
        },
        LogStatus,
        LeafProofs,
        {
          provide: WitnessedStore,
          inject: [Pool],
          useFactory: (pool: Pool) => new WitnessedStore(pool),
        },
        {
          provide: WitnessStatus,
          inject: [Metrics, ReadinessChecks],
          useFactory: (metrics: Metrics, checks: ReadinessChecks) =>
            new WitnessStatus(config.witnessing, metrics, checks),
        },
        {
          provide: WitnessedCheckpoint,
          inject: [TILE_STORAGE, WitnessedStore, LOGGER],
          useFactory: (storage: TileStorage, store: WitnessedStore, logger: Logger) =>
            new WitnessedCheckpoint(config.witnessing, storage, store, logger),
        },
        ServeLog,
      ],
      exports: [TILE_STORAGE, LOG_SALT_SECRET, LeafProofs, WitnessedCheckpoint],
    };
  }

  onApplicationBootstrap(): void {
    this.keeper.start();
  }
}

function createKeeper({ checkpointTopic, witnessing }: LogConfig) {
  return (
    { databaseUrl, kafka }: ServiceConfig,
    { topics }: AuditScope,
    storage: TileStorage,
    key: NoteKey,
    saltSecret: KeyObject,
    status: LogStatus,
    witnessed: WitnessedStore,
    witnessStatus: WitnessStatus,
    logger: Logger,
    shutdown: Shutdown,
  ): LogKeeper => {
    const producer = createRecordProducer({ ...kafka, clientId: `${kafka.clientId}-checkpoints` });
    const keeper = new LogKeeper({
      openSession: () => LogSession.open(databaseUrl),
      storage,
      key,
      connection: kafka,
      producer,
      topics,
      checkpointTopic,
      tools: { ledgerTopic: topics.ledger, saltSecret, digests: new RecordDigest() },
      witnessing: { config: witnessing, store: witnessed, status: witnessStatus },
      status,
      logger,
    });
    shutdown.onShutdown('log', () => keeper.stop(), SHUTDOWN_ORDER.workers);
    shutdown.onShutdown('checkpoints', () => producer.close(), SHUTDOWN_ORDER.stores);
    return keeper;
  };
}
