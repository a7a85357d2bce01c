/** One record to publish. Headers that `encodeHeaders` of libs/contracts made are written as they are: the cheapest form. */
export interface OutgoingRecord {
  topic: string;
  partition: number;
  key: Buffer | null;
  value: Buffer;
  headers: Record<string, string> | Buffer;
}

/**
 * Publishes records durably: `send` resolves when every in-sync replica has them.
 * Records of one partition keep the order in which they were given, over concurrent calls too,
 * and are stored once whatever was retried.
 */
export interface RecordProducer {
  /**
   * Rejects with `PublishRefused` when the broker refuses a record for itself, else with `PublishFailed`;
   * both name what was not stored. Whatever waited behind such a record in its partition, of other calls too,
   * is rejected with it: a caller that sends it again keeps the order.
   */
  send(records: OutgoingRecord[]): Promise<void>;
  /** Waits for what is on its way; what has no answer by then is rejected. */
  close(): Promise<void>;
}
