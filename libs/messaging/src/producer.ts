import type { KafkaConnection } from './connection.js';

/** One record to publish. Headers given as a Map of Buffers are written as they are, which is the cheapest form. */
export interface OutgoingRecord {
  topic: string;
  partition: number;
  key: Buffer | null;
  value: Buffer;
  headers: Record<string, string> | Map<Buffer, Buffer>;
}

/**
 * Publishes records durably: `send` resolves when every in-sync replica has them.
 * Records of one partition keep the order in which they were given, over concurrent calls too,
 * and are stored once whatever was retried. MUST NOT be shared after `close`.
 */
export interface RecordProducer {
  /** Rejects with a `PublishRefused` when the broker refuses a record for itself, else with a `MessagingError`. */
  send(records: OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

export function createRecordProducer(_connection: KafkaConnection): RecordProducer {
  throw new Error('not built yet');
}
