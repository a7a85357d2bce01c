import { Global, Module } from '@nestjs/common';
import { EventStore } from '@sluice/event-store';
import { SERVICE_CONFIG, type ServiceConfig, SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';
import { FileKeyProvider, PairwiseIds, SubjectKeys } from '@sluice/vault';
import { Pool } from 'pg';
import { AccessRecords } from './access-records.js';
import { EventRelay } from './event-relay.js';
import { PersonFiles } from './person-files.js';
import { RecordRefusals } from './refusal-recorder.js';
import { SubjectTexts } from './subject-texts.js';

/** The event store of audit's own events and records, its relay, and the keys of persons. */
@Global()
@Module({
  providers: [
    EventRelay,
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
    RecordRefusals,
    SubjectTexts,
  ],
  exports: [EventStore, AccessRecords, FileKeyProvider, PairwiseIds, PersonFiles, SubjectTexts],
})
export class StoreModule {}
