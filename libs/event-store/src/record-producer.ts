/** One record to publish. */
export interface OutgoingRecord {
  topic: string;
  partition: number;
  key: Buffer;
  value: Buffer;
  /** As they go on the wire: `encodeHeaders` of libs/contracts. */
  headers: Record<string, string> | Buffer;
}

/**
 * What the relay needs of Kafka; `createRecordProducer` of libs/messaging makes one.
 * `send` MUST keep the order of records within a partition, and MUST settle only when the fate of each is known:
 * it resolves when all are stored, and rejects with a `PublishRefusal` when the broker refused some for themselves.
 * Any other rejection is trouble that passes: the relay sends `unsent`, or all where the error names none, again.
 */
export interface RecordProducer {
  send(records: OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** The error for records that the broker will never take (too large, invalid). What stands in neither list is stored. */
export interface PublishRefusal extends Error {
  readonly name: 'PublishRefused';
  readonly refused: readonly { record: OutgoingRecord; reason: string }[];
  /** Not stored, among them whatever followed a refused record in its partition; in the order given. */
  readonly unsent: readonly OutgoingRecord[];
}

export function isPublishRefusal(error: unknown): error is PublishRefusal {
  return error instanceof Error && error.name === 'PublishRefused' && 'refused' in error && 'unsent' in error;
}

/** What a failed `send` did not store, as far as the error tells. */
export function unsentOf(error: unknown, sent: readonly OutgoingRecord[]): readonly OutgoingRecord[] {
  if (error instanceof Error && 'unsent' in error && Array.isArray(error.unsent)) return error.unsent;
  return sent;
}
