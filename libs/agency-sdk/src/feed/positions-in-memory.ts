import type { LanePosition, PositionStore } from './position.js';

/** For tests and experiments: a new process starts at the feed's beginning. */
export class MemoryPositions implements PositionStore {
  readonly #positions = new Map<number, LanePosition>();

  async load(lane: number): Promise<LanePosition | undefined> {
    return this.#positions.get(lane);
  }

  async save(position: LanePosition): Promise<void> {
    this.#positions.set(position.lane, { ...position });
  }
}
