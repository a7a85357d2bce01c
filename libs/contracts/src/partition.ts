import { LANES } from './topics.js';

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/**
 * Kafka's default partitioner hash (MurmurHash2, 32 bit), so that any client that uses the default
 * partitioner with the same key reaches the same partition.
 */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let hash = SEED ^ length;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    let k = bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) | (bytes[index + 3]! << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    hash = Math.imul(hash, M) ^ Math.imul(k, M);
  }
  const rest = length - index;
  if (rest >= 3) hash ^= bytes[index + 2]! << 16;
  if (rest >= 2) hash ^= bytes[index + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[index]!, M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
}

/** The partition of a key among `partitions`, as Kafka's default partitioner chooses it. */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** The lane of a subject: partition of registry.events and consent.events, and lane of every feed. */
export function laneOf(subject: string): number {
  return partitionOf(Buffer.from(subject, 'latin1'), LANES);
}
