export interface OutgoingRecord {
  topic: string;
  partition: number;
  key: Buffer;
  value: Buffer;
  headers: Record<string, string> | Map<Buffer, Buffer>;
}

/**
 * What the relay needs of Kafka; `createRecordProducer` of libs/messaging makes one.
 * `send` MUST keep the order of records within a partition and MUST resolve only when all are acknowledged.
 * It MUST reject with an error named `PublishRefused` when the broker refused a record for itself (too large, invalid):
 * the relay then narrows down which one it was. Any other rejection is taken for trouble that passes, and the same records are sent again.
 */
export interface RecordProducer {
  send(records: OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}
