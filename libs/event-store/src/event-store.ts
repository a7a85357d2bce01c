import type { Pool } from 'pg';
import type { Command, CurrentState, Executed, SqlEffect, StoredEvent } from './types.js';
import type { UpcasterRegistry } from './upcaster-registry.js';

export interface EventStoreOptions {
  pool: Pool;
  schema: string;
  /** Largest payload of one event, in bytes; 256 KiB when absent. */
  maxEventBytes?: number;
  /** Runs before decisions with the streams they are about, eg to load data keys. */
  prepare?: (streams: string[]) => Promise<void>;
  /** Called after every commit that appended, eg to nudge the relay. */
  onAppended?: () => void;
  /** Applied by `readStream`. */
  upcasters?: UpcasterRegistry;
}

export class EventStore {
  constructor(readonly options: EventStoreOptions) {}

  async execute<R>(_command: Command<R>): Promise<Executed<R>> {
    throw new Error('not built yet');
  }

  async executeAll<R>(
    _commands: Command<R>[],
    _withBatch?: (results: Executed<R>[]) => SqlEffect[],
  ): Promise<Executed<R>[]> {
    throw new Error('not built yet');
  }

  async load(_stream: string): Promise<CurrentState> {
    throw new Error('not built yet');
  }

  async readStream(_stream: string, _fromVersion = 1): Promise<StoredEvent[]> {
    throw new Error('not built yet');
  }

  async close(): Promise<void> {
    throw new Error('not built yet');
  }
}
