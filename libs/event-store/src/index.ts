export { EventStoreError, type EventStoreErrorCode } from './errors.js';
export { EventStore, type EventStoreOptions } from './event-store.js';
export { type HaltedStream, listHalted, releaseHalted } from './halted-streams.js';
export { EVENT_STORE_MIGRATIONS, type MigrationPlan, migrate } from './migrate.js';
export * from './rebuild/index.js';
export type { OutgoingRecord, PublishRefusal, RecordProducer } from './record-producer.js';
export { Relay, type RelayOptions, type RelayState } from './relay.js';
export type { RelayObserver } from './relay-observer.js';
export type {
  Command,
  CurrentState,
  EventContext,
  Executed,
  LoggedEvent,
  NewEvent,
  Outcome,
  SqlEffect,
  StoredEvent,
} from './types.js';
export { type TypedPayload, UpcasterRegistry } from './upcaster-registry.js';
