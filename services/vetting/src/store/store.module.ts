import { Global, Module } from '@nestjs/common';
import { MAX_EVENT_BYTES, TOPICS } from '@sluice/contracts';
import { EventStore } from '@sluice/event-store';
import { SERVICE_CONFIG, type ServiceConfig, SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';
import { AccessRecords, EventRelay, eventRelay } from '@sluice/recording';
import { ReceiptSigner } from '@sluice/vault';
import { Pool } from 'pg';
import { Agencies } from './agencies.js';
import { AgencyCommands } from './agency-commands.js';
import { SanctionWaiters } from './sanction-waiters.js';
import { Sanctions } from './sanctions.js';

/** What the use cases stand on: the event store and its relay, the read models, the key of receipts. */
@Global()
@Module({
  providers: [
    eventRelay(() => ({ service: 'vetting', own: TOPICS.vetting })),
    {
      provide: EventStore,
      inject: [Pool, EventRelay, Shutdown],
      useFactory: (pool: Pool, relay: EventRelay, shutdown: Shutdown) => {
        const store = new EventStore({
          pool,
          schema: 'vetting',
          maxEventBytes: MAX_EVENT_BYTES,
          onAppended: () => relay.nudge(),
        });
        shutdown.onShutdown('event store', () => store.close(), SHUTDOWN_ORDER.stores);
        return store;
      },
    },
    {
      provide: ReceiptSigner,
      inject: [SERVICE_CONFIG],
      useFactory: (config: ServiceConfig) => ReceiptSigner.open(config.keyDir, 'vetting-receipts'),
    },
    AgencyCommands,
    Agencies,
    Sanctions,
    SanctionWaiters,
    AccessRecords,
  ],
  exports: [EventStore, AccessRecords, AgencyCommands, Agencies, Sanctions, SanctionWaiters, ReceiptSigner],
})
export class StoreModule {}
