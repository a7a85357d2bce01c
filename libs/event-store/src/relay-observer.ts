/** What the relay tells its service; metrics and logs are made of it. None may throw. */
export interface RelayObserver {
  /** `oldestAgeMs`: from recording to acknowledgement, of the oldest event of the batch. */
  published(count: number, oldestAgeMs: number): void;
  /**
   * How long the oldest event waits that is committed but not yet safe to publish, because an older transaction
   * is still open somewhere in the cluster; 0 when none waits. Worth a warning above 5,000.
   */
  fenceAge(ms: number): void;
  /** A stream stands from now on, until an operator releases it. */
  halted(stream: string, reason: string): void;
  /** Trouble with PostgreSQL or Kafka that the relay is getting over by itself. */
  failed(error: unknown): void;
}
