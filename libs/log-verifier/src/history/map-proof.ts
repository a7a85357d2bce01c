import { hashLeaf, hashNode, hashOfNothing, textOf } from '../tree/hash.js';
import { rootThrough } from '../tree/proofs.js';
import type { HistoryFile, PlaceInBucket } from './history-file.js';
import { bucketHash } from './history-hashes.js';

/** Levels of the tree over the buckets. */
const BUCKET_LEVELS = 16;

/**
 * The root of the map in which the label has this value, or in which it is not, as far as the proof leads to one;
 * undefined where it leads nowhere.
 */
export function rootOfMap(map: HistoryFile['map'], label: Buffer, value: Buffer | undefined): Buffer | undefined {
  const bucket = value === undefined ? bucketWithout(map, label) : bucketWith(map, label, value);
  if (bucket === undefined || map.path.length !== BUCKET_LEVELS) return undefined;
  let at = label.readUInt16BE(0);
  let current = textOf(bucketHash(map.count, bucket));
  for (const step of map.path) {
    current = at % 2 === 1 ? hashNode(textOf(step), current) : hashNode(current, textOf(step));
    at >>= 1;
  }
  return Buffer.from(current, 'latin1');
}

function bucketWith({ count, place }: HistoryFile['map'], label: Buffer, value: Buffer): Buffer | undefined {
  return place && rootFrom(label, value, place, count);
}

/** The labels before and after stand side by side, with nothing between them. */
function bucketWithout({ count, place, around }: HistoryFile['map'], label: Buffer): Buffer | undefined {
  if (place !== undefined || around === undefined) return undefined;
  if (count === 0) return around.length === 0 ? Buffer.from(hashOfNothing(), 'latin1') : undefined;
  const before = around.find((one) => one.label.compare(label) < 0);
  const after = around.find((one) => one.label.compare(label) > 0);
  if (before === undefined ? after?.index !== 0 : before.index + 1 !== (after?.index ?? count)) return undefined;
  const roots = [before, after]
    .filter((one) => one !== undefined)
    .map((one) => (isSameBucket(one.label, label) ? rootFrom(one.label, one.value, one, count) : undefined));
  const [root, ...others] = roots;
  return root !== undefined && others.every((other) => other?.equals(root)) ? root : undefined;
}

function isSameBucket(one: Buffer, other: Buffer): boolean {
  return one.readUInt16BE(0) === other.readUInt16BE(0);
}

function rootFrom(label: Buffer, value: Buffer, { index, path }: PlaceInBucket, count: number): Buffer | undefined {
  const root = rootThrough(hashLeaf(Buffer.concat([label, value])), index, count, path);
  return root === undefined ? undefined : Buffer.from(root, 'latin1');
}
