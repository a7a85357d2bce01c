/** The next offset of every topic partition that the log takes in, as `topic/partition`. */
export type Positions = Map<string, bigint>;

const PLACE = /^([A-Za-z0-9._-]+\/[0-9]+)@([0-9]+)$/;

/**
 * The last leaf of every batch: where each topic partition goes on. So the log itself says what it holds, and whoever
 * writes it next cannot be wrong about that, whatever else was lost.
 */
export function positionLeaf(positions: Positions): string {
  const places = [...positions].map(([place, next]) => `${place}@${next}`).sort();
  return `position ${places.join(' ')}`;
}

/** Undefined where the leaf is of another kind. */
export function readPositionLeaf(leaf: string): Positions | undefined {
  const [kind, ...places] = leaf.split(' ');
  if (kind !== 'position') return undefined;
  const read: Positions = new Map();
  for (const place of places) {
    const [, partition, next] = PLACE.exec(place) ?? [];
    if (partition === undefined || next === undefined) return undefined;
    read.set(partition, BigInt(next));
  }
  return read;
}
