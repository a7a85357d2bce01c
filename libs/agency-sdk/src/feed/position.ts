/** How far an agency has come in one lane. */
export interface LanePosition {
  lane: number;
  /** Sequence of the last delivery applied. */
  sequence: number;
  /** Lower-case hex SHA-256 of the block that delivery came in; the next block names it. */
  digest: string;
  /** Kafka offset of that block, decimal. */
  offset: string;
}

/**
 * Keeps positions where they survive the process.
 *
 * For exactly-once effects, keep them where the effects are: let `onEvent` write its effect and the position it is
 * given in one transaction, let `load` read it from there, and let `save` do nothing.
 */
export interface PositionStore {
  /** The lane's position, or `undefined` when nothing of it was ever applied. */
  load(lane: number): Promise<LanePosition | undefined>;
  /** Called after each block. MUST be durable before it resolves. */
  save(position: LanePosition): Promise<void>;
}
