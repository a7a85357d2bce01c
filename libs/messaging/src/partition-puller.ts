import type { KafkaConnection } from './connection.js';

export interface PulledRecord {
  offset: bigint;
  key: Buffer | null;
  value: Buffer;
  /** As on the wire, undecoded and in order. */
  headers: ReadonlyArray<readonly [Buffer, Buffer]>;
  /** Unix time in ms as the producer wrote it. */
  timestamp: bigint;
}

/** One partition's part of an answer. */
export interface Pulled {
  topic: string;
  partition: number;
  /** In offset order, none below the offset asked for. */
  records: PulledRecord[];
  /** The offset after the last committed record, read at the same moment as the records. */
  highWatermark: bigint;
  /** The lowest offset the broker still has. */
  logStart: bigint;
  error?: PullError;
}

/** `retry`: ask again, it heals. `out-of-range`: the offset asked for is below `logStart` or beyond the end. */
export type PullError = 'retry' | 'out-of-range' | 'refused';

export interface PullWant {
  topic: string;
  partition: number;
  offset: bigint;
  maxBytes: number;
}

/** Fetches exactly what it is asked for: several topics' partitions in one request for each leading broker. */
export class PartitionPuller {
  constructor(_connection: KafkaConnection) {}
  pull(_wants: PullWant[], _options: { maxWaitMs: number; minBytes?: number }): Promise<Pulled[]> {
    throw new Error('not built yet');
  }
  close(): Promise<void> {
    throw new Error('not built yet');
  }
}
