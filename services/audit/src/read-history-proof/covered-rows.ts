import type { Extent, HeadsLeaf } from '../completeness/heads-leaf.js';
import { ROW_TOPIC } from '../domain/history-row.js';
import type { IntakeTopics } from '../intake/topics.js';

const OFFSET_BITS = 38n;
const INDEX_BITS = 16n;

/** Which rows of a history an epoch covers: others came later, or were there before there were heads. */
export class CoveredRows {
  readonly #extents = new Map<bigint, Extent>();

  constructor({ extents }: HeadsLeaf, topics: IntakeTopics) {
    const byPlace = new Map(extents.map((extent) => [extent.place, extent]));
    for (const [role, number] of Object.entries(ROW_TOPIC)) {
      for (let partition = 0; partition < 64; partition++) {
        const extent = byPlace.get(`${topics[role as keyof typeof ROW_TOPIC]}/${partition}`);
        if (extent !== undefined) this.#extents.set(BigInt(number * 64 + partition), extent);
      }
    }
  }

  /** @param ref as `rowRef` makes it */
  has(ref: bigint): boolean {
    const extent = this.#extents.get(ref >> (OFFSET_BITS + INDEX_BITS));
    const offset = (ref >> INDEX_BITS) & ((1n << OFFSET_BITS) - 1n);
    return extent !== undefined && extent.first <= offset && offset < extent.next;
  }
}
