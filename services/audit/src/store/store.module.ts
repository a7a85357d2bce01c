import { Global, Module } from '@nestjs/common';
import { TOPICS } from '@sluice/contracts';
import { EventStore } from '@sluice/event-store';
import { SERVICE_CONFIG, type ServiceConfig, SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';
import { AccessRecords, EventRelay, eventRelay } from '@sluice/recording';
import { FileKeyProvider, PairwiseIds, SubjectKeys } from '@sluice/vault';
import { Pool } from 'pg';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { PersonFiles } from './person-files.js';
import { SubjectTexts } from './subject-texts.js';

/** The event store of audit's own events and records, its relay, and the keys of persons. */
@Global()
@Module({
  providers: [
    eventRelay(
      ({ topics }: AuditScope) => ({
        service: 'audit',
        own: { name: topics.cases, partitions: TOPICS.cases.partitions },
        access: { name: topics.access, partitions: TOPICS.access.partitions },
      }),
      [AUDIT_SCOPE],
    ),
    {
      provide: EventStore,
      inject: [Pool, EventRelay, Shutdown],
      useFactory: (pool: Pool, relay: EventRelay, shutdown: Shutdown) => {
        const store = new EventStore({ pool, schema: 'audit', onAppended: () => relay.nudge() });
        shutdown.onShutdown('event store', () => store.close(), SHUTDOWN_ORDER.stores);
        return store;
      },
    },
    {
      provide: FileKeyProvider,
      inject: [SERVICE_CONFIG],
      useFactory: ({ keyDir }: ServiceConfig) => FileKeyProvider.open(keyDir),
    },
    {
      provide: SubjectKeys,
      inject: [Pool, FileKeyProvider],
      useFactory: (pool: Pool, provider: FileKeyProvider) => new SubjectKeys({ pool, provider }),
    },
    {
      provide: PairwiseIds,
      inject: [FileKeyProvider],
      useFactory: (provider: FileKeyProvider) => PairwiseIds.create(provider),
    },
    AccessRecords,
    PersonFiles,
    SubjectTexts,
  ],
  exports: [EventStore, AccessRecords, FileKeyProvider, PairwiseIds, PersonFiles, SubjectTexts],
})
export class StoreModule {}
