import type { KeyObject } from 'node:crypto';
import { type DynamicModule, Global, Module, type OnApplicationBootstrap } from '@nestjs/common';
import {
  LOGGER,
  type Logger,
  Metrics,
  SERVICE_CONFIG,
  type ServiceConfig,
  SHUTDOWN_ORDER,
  Shutdown,
} from '@sluice/platform';
import { FileKeyProvider } from '@sluice/vault';
import { Pool } from 'pg';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { HeadsMaker } from './heads-maker.js';
import { HeadsStore } from './heads-store.js';
import { HistoryFeed } from './history-feed.js';
import { HISTORY_SECRET, RowCommitments } from './row-commitments.js';

/** Injection token of the secret that salts and labels of histories come from. */
export const HISTORY_SECRET_KEY = Symbol('audit.history-secret');

/** Commits to histories as they are taken in, and makes the heads that prove them complete. */
@Global()
@Module({})
export class CompletenessModule implements OnApplicationBootstrap {
  constructor(private readonly maker: HeadsMaker) {}

  /** @param epochMs from one epoch of heads to the next */
  static of(epochMs: number): DynamicModule {
    return {
      module: CompletenessModule,
      providers: [
        {
          provide: HISTORY_SECRET_KEY,
          inject: [SERVICE_CONFIG],
          useFactory: async ({ keyDir }: ServiceConfig) => (await FileKeyProvider.open(keyDir)).secret(HISTORY_SECRET),
        },
        {
          provide: HistoryFeed,
          inject: [HISTORY_SECRET_KEY, AUDIT_SCOPE],
          useFactory: (secret: KeyObject, { topics }: AuditScope) => new HistoryFeed(secret, topics),
        },
        {
          provide: RowCommitments,
          inject: [HISTORY_SECRET_KEY],
          useFactory: (secret: KeyObject) => new RowCommitments(secret),
        },
        {
          provide: HeadsMaker,
          inject: [Pool, HISTORY_SECRET_KEY, LOGGER, Metrics, Shutdown],
          useFactory: (pool: Pool, secret: KeyObject, logger: Logger, metrics: Metrics, shutdown: Shutdown) => {
            const maker = new HeadsMaker(new HeadsStore(pool, secret), logger, metrics, epochMs);
            shutdown.onShutdown('heads', () => maker.stop(), SHUTDOWN_ORDER.workers);
            return maker;
          },
        },
      ],
      exports: [HISTORY_SECRET_KEY, HistoryFeed, RowCommitments],
    };
  }

  onApplicationBootstrap(): void {
    this.maker.start();
  }
}
