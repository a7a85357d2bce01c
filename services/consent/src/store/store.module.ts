import { Global, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { MAX_EVENT_BYTES, TOPICS } from '@sluice/contracts';
import { EventStore } from '@sluice/event-store';
import { SERVICE_CONFIG, type ServiceConfig, SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';
import { AccessRecords, DatabaseAway, EventRelay, eventRelay } from '@sluice/recording';
import { FileKeyProvider, PairwiseIds, ReceiptSigner } from '@sluice/vault';
import { Pool } from 'pg';
import { Accreditations } from './accreditations.js';
import { GrantCommands } from './grant-commands.js';
import { Grants } from './grants.js';
import { StopWaiters } from './stop-waiters.js';
import { Stops } from './stops.js';
import { Viewpoint } from './viewpoint.js';

const USE_CASES_STAND_ON = [AccessRecords, Accreditations, GrantCommands, Grants, StopWaiters, Stops, Viewpoint];

/** What the use cases stand on: the event store and its relay, the read models, aliases and the key of receipts. */
@Global()
@Module({
  providers: [
    eventRelay(() => ({ service: 'consent', own: TOPICS.consent })),
    {
      provide: EventStore,
      inject: [Pool, EventRelay, Shutdown],
      useFactory: (pool: Pool, relay: EventRelay, shutdown: Shutdown) => {
        const store = new EventStore({
          pool,
          schema: 'consent',
          maxEventBytes: MAX_EVENT_BYTES,
          onAppended: () => relay.nudge(),
        });
        shutdown.onShutdown('event store', () => store.close(), SHUTDOWN_ORDER.stores);
        return store;
      },
    },
    {
      provide: PairwiseIds,
      inject: [SERVICE_CONFIG],
      useFactory: async (config: ServiceConfig) => PairwiseIds.create(await FileKeyProvider.open(config.keyDir)),
    },
    {
      provide: ReceiptSigner,
      inject: [SERVICE_CONFIG],
      useFactory: (config: ServiceConfig) => ReceiptSigner.open(config.keyDir, 'consent-receipts'),
    },
    { provide: APP_INTERCEPTOR, useClass: DatabaseAway },
    ...USE_CASES_STAND_ON,
  ],
  exports: [EventStore, PairwiseIds, ReceiptSigner, ...USE_CASES_STAND_ON],
})
export class StoreModule {}
