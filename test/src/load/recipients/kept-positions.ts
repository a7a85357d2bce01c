import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { LanePosition, PositionStore } from '@sluice/agency-sdk';

/**
 * Positions in memory, written to a file at the end. An agency keeps them in the transaction of its effects; here there
 * are none, and a file synced for every block would measure the disk. After a crash the next run reads more again.
 */
export class KeptPositions implements PositionStore {
  readonly #positions: Map<number, LanePosition>;

  constructor(private readonly file: string) {
    const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LanePosition[]) : [];
    this.#positions = new Map(kept.map((position) => [position.lane, position]));
  }

  async load(lane: number): Promise<LanePosition | undefined> {
    return this.#positions.get(lane);
  }

  async save(position: LanePosition): Promise<void> {
    this.#positions.set(position.lane, position);
  }

  /** Of all deliveries of all lanes so far. */
  sequenceOf(lane: number): number {
    return this.#positions.get(lane)?.sequence ?? 0;
  }

  keep(): void {
    writeFileSync(`${this.file}.new`, JSON.stringify([...this.#positions.values()]));
    renameSync(`${this.file}.new`, this.file);
  }
}
