import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { TOPICS } from '@sluice/contracts';
import { EventStore } from '@sluice/event-store';
import {
  LOGGER,
  type Logger,
  Metrics,
  Refusals,
  SERVICE_CONFIG,
  type ServiceConfig,
  SHUTDOWN_ORDER,
  Shutdown,
} from '@sluice/platform';
import { AccessRecords, DatabaseAway, EventRelay, eventRelay } from '@sluice/recording';
import { BlindIndex, FileKeyProvider, SubjectKeys } from '@sluice/vault';
import { Pool } from 'pg';
import { Filings } from './filings.js';
import { Milestones } from './milestones.js';
import { PastSubjects } from './past-subjects.js';
import { Publishers } from './publishers.js';
import { SCHEMA, STATE_EVERY } from './schema.js';
import { SubjectCommands } from './subject-commands.js';
import { Subjects } from './subjects.js';

/** Opened profiles kept in memory, 1 to 2 KB each: a change of one of them needs no load and opens nothing. */
const REMEMBERED_SUBJECTS = 20_000;

/** The edge to PostgreSQL, Kafka and the key files. */
@Module({
  providers: [
    eventRelay(() => ({ service: 'registry', own: TOPICS.registry })),
    {
      provide: FileKeyProvider,
      inject: [SERVICE_CONFIG],
      useFactory: (config: ServiceConfig) => FileKeyProvider.open(config.keyDir),
    },
    {
      provide: SubjectKeys,
      inject: [Pool, FileKeyProvider],
      useFactory: (pool: Pool, provider: FileKeyProvider) => new SubjectKeys({ pool, provider }),
    },
    {
      provide: EventStore,
      inject: [Pool, SubjectKeys, EventRelay, Shutdown],
      useFactory: (pool: Pool, keys: SubjectKeys, relay: EventRelay, shutdown: Shutdown) => {
        const events = new EventStore({
          pool,
          schema: SCHEMA,
          // Deciding is synchronous and opens what is stored: the keys have to be there before.
          prepare: (subjects) => keys.preload(subjects, false),
          onAppended: () => relay.nudge(),
          remember: REMEMBERED_SUBJECTS,
          stateEvery: STATE_EVERY,
        });
        shutdown.onShutdown('event store', () => events.close(), SHUTDOWN_ORDER.stores);
        return events;
      },
    },
    {
      provide: SubjectCommands,
      inject: [SubjectKeys, FileKeyProvider, LOGGER],
      useFactory: async (keys: SubjectKeys, provider: FileKeyProvider, logger: Logger) =>
        new SubjectCommands(keys, new BlindIndex(await provider.secret('blind-index')), logger),
    },
    {
      // A store of its own: its streams are no subjects, and nobody should look for their data keys.
      provide: AccessRecords,
      inject: [Pool, EventRelay, Refusals, LOGGER, Shutdown],
      useFactory: (pool: Pool, relay: EventRelay, refusals: Refusals, logger: Logger, shutdown: Shutdown) => {
        const events = new EventStore({ pool, schema: SCHEMA, onAppended: () => relay.nudge() });
        shutdown.onShutdown('access records', () => events.close(), SHUTDOWN_ORDER.stores);
        return new AccessRecords(events, refusals, logger);
      },
    },
    Filings,
    Milestones,
    PastSubjects,
    Publishers,
    Subjects,
    { provide: APP_INTERCEPTOR, useClass: DatabaseAway },
  ],
  exports: [EventStore, SubjectKeys, AccessRecords, Filings, PastSubjects, Publishers, Subjects],
})
export class StoreModule {
  constructor(metrics: Metrics, subjects: Subjects) {
    metrics.gauge('sluice_registry_waiting_commands', 'Single commands that wait for their commit', [], (gauge) =>
      gauge.set(subjects.queueLength),
    );
  }
}
