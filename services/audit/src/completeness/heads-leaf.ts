/** The records of a topic's partition that heads cover: from one offset up to another. */
export interface Extent {
  /** `delivery.ledger/3` */
  place: string;
  first: bigint;
  next: bigint;
}

/** What the log says of the map of heads at the end of an epoch. */
export interface HeadsLeaf {
  epoch: number;
  /** Of the map, 32 bytes. */
  root: Buffer;
  /** Histories in the map. */
  labels: number;
  /** By the clock of who made it, ms since 1970. */
  madeAt: number;
  extents: Extent[];
}

const PLACE = /^([A-Za-z0-9._-]+\/\d+)@(\d+)-(\d+)$/;

/** `heads <epoch> <base64 root> <labels> <ms> <topic>/<partition>@<first>-<next> ...` */
export function headsLeaf({ epoch, root, labels, madeAt, extents }: HeadsLeaf): string {
  const places = extents.map(({ place, first, next }) => `${place}@${first}-${next}`).sort();
  return ['heads', epoch, root.toString('base64'), labels, madeAt, ...places].join(' ');
}

/** Undefined where the leaf is of another kind. */
export function readHeadsLeaf(leaf: string): HeadsLeaf | undefined {
  const [kind, epoch, root, labels, madeAt, ...places] = leaf.split(' ');
  if (kind !== 'heads') return undefined;
  const extents: Extent[] = [];
  for (const text of places) {
    const [, place, first, next] = PLACE.exec(text) ?? [];
    if (place === undefined) return undefined;
    extents.push({ place, first: BigInt(first!), next: BigInt(next!) });
  }
  return {
    epoch: Number(epoch),
    root: Buffer.from(root ?? '', 'base64'),
    labels: Number(labels),
    madeAt: Number(madeAt),
    extents,
  };
}

/** Whether all of the extents end at or before where `next` is, by place. */
export function isWithin(extents: readonly Extent[], next: ReadonlyMap<string, bigint>): boolean {
  return extents.every((extent) => extent.next <= (next.get(extent.place) ?? 0n));
}
