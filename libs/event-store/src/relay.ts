import type { ClientConfig } from 'pg';
import type { RecordProducer } from './record-producer.js';

/** What the relay tells its service; metrics and logs are made of it. */
export interface RelayObserver {
  /** `oldestAgeMs`: from recording to acknowledgement, of the oldest event of the batch. */
  published(count: number, oldestAgeMs: number): void;
  /** How long the oldest event waits that is committed but not yet safe to publish, because an older transaction is still open; 0 when none waits. */
  fenceAge(ms: number): void;
  halted(stream: string, reason: string): void;
  failed(error: unknown): void;
}

export interface RelayOptions {
  connection: ClientConfig | string;
  schema: string;
  /** The CloudEvents source, eg `/registry`. */
  source: string;
  route: (type: string) => { topic: string; partitions: number };
  producer: RecordProducer;
  observe: RelayObserver;
}

export type RelayState = 'leading' | 'standby' | 'stopped';

/** Publishes a schema's events to Kafka in commit-safe order. Of all relays of one schema, one leads and the others stand by. */
export class Relay {
  constructor(readonly options: RelayOptions) {}

  get state(): RelayState {
    return 'stopped';
  }

  start(): void {
    throw new Error('not built yet');
  }

  /** Looks for new events at once. */
  nudge(): void {
    throw new Error('not built yet');
  }

  /** Ends after the batch in flight, releases the leadership and closes the producer. */
  async stop(): Promise<void> {
    throw new Error('not built yet');
  }
}
