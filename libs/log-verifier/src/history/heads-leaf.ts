import { base64Of, decimalOf } from '../formats/text.js';
import { HASH_BYTES } from '../tree/hash.js';

/** The log's leaf for the map of heads at the end of an epoch. */
export interface HeadsEpoch {
  epoch: number;
  /** Of the map, 32 bytes. */
  root: Buffer;
  /** Histories in the map. */
  labels: number;
  /** By the operator's clock, ms since 1970. */
  madeAt: number;
  /** Which records the map covers, by topic and partition: those from `first` on, before `next`. */
  extents: { place: string; first: number; next: number }[];
}

const LEAF = /^heads (\d+) ([A-Za-z0-9+/]{43}=) (\d+) (\d+)((?: [A-Za-z0-9._-]+\/\d+@\d+-\d+)*)$/;
const EXTENT = /^(.+)@(\d+)-(\d+)$/;

/** Undefined where the leaf is of another kind. */
export function parseHeadsLeaf(leaf: string): HeadsEpoch | undefined {
  const parts = LEAF.exec(leaf);
  if (parts === null) return undefined;
  const [epoch, labels, madeAt] = [parts[1], parts[3], parts[4]].map(decimalOf);
  const root = base64Of(parts[2]);
  if (epoch === undefined || labels === undefined || madeAt === undefined || root?.length !== HASH_BYTES)
    return undefined;
  const extents = parts[5]!
    .split(' ')
    .slice(1)
    .map((text) => {
      const [, place, first, next] = EXTENT.exec(text) as unknown as [string, string, string, string];
      return { place, first: Number(first), next: Number(next) };
    });
  return { epoch, root, labels, madeAt, extents };
}
