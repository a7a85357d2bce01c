import { Global, Module } from '@nestjs/common';
import { EventStore } from '@sluice/event-store';
import { SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';
import { Pool } from 'pg';
import { AccessRecords } from './access-records.js';
import { EventRelay } from './event-relay.js';
import { RecordRefusals } from './refusal-recorder.js';

/** The event store of audit's own records, and its relay. */
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
    AccessRecords,
    RecordRefusals,
  ],
  exports: [AccessRecords],
})
export class StoreModule {}
