import type { KafkaConnection } from './connection.js';

export interface PartitionGroupOptions {
  connection: KafkaConnection;
  groupId: string;
  /** Co-partitioned topics: partition p of all of them belongs to one member. */
  topics: string[];
  /** Runs while the partition is owned. MUST return promptly once the signal is aborted. */
  own: (partition: number, signal: AbortSignal) => Promise<void>;
  observe?: PartitionGroupObserver;
}

export interface PartitionGroupObserver {
  /** The member's partitions after a rebalance, ascending. */
  assigned(partitions: number[]): void;
  failed(error: unknown): void;
}

/** Shares the partitions of co-partitioned topics among the running members of a group. */
export class PartitionGroup {
  constructor(_options: PartitionGroupOptions) {}
  get owned(): number[] {
    throw new Error('not built yet');
  }
  start(): void {
    throw new Error('not built yet');
  }
  /** Aborts and awaits every owner, then leaves the group. */
  stop(): Promise<void> {
    throw new Error('not built yet');
  }
}
