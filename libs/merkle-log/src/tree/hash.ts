import { hash } from 'node:crypto';

/** Bytes of one hash (SHA-256). */
export const HASH_BYTES = 32;

/**
 * A hash as 32 latin1 characters. Inside this library hashes travel in this form: `crypto.hash` to text costs 0.28 us
 * on Node 24, to a Buffer 1.1 us (the allocation costs more than the hashing).
 */
export type HashText = string;

/** Longest leaf that is hashed without a Buffer of its own; longer ones are rare and cost a little more. */
const SCRATCH_BYTES = 4096;

const leafScratch = Buffer.alloc(SCRATCH_BYTES + 1); // its first byte stays 0x00, RFC 6962's mark of a leaf
const nodeScratch = Buffer.alloc(1 + 2 * HASH_BYTES);
nodeScratch[0] = 1;

/** Root of the empty tree: the hash of nothing (RFC 6962, 2.1). */
export const EMPTY_ROOT: HashText = hash('sha256', '', 'binary');

/** RFC 6962, 2.1: SHA-256(0x00 || leaf). */
export function leafHashText(leaf: Uint8Array): HashText {
  const { length } = leaf;
  if (length > SCRATCH_BYTES) return hash('sha256', Buffer.concat([leafScratch.subarray(0, 1), leaf]), 'binary');
  leafScratch.set(leaf, 1);
  return hash('sha256', leafScratch.subarray(0, length + 1), 'binary');
}

/** RFC 6962, 2.1: SHA-256(0x01 || left || right). */
export function nodeHashText(left: HashText, right: HashText): HashText {
  nodeScratch.write(left, 1, HASH_BYTES, 'latin1');
  nodeScratch.write(right, 1 + HASH_BYTES, HASH_BYTES, 'latin1');
  return hash('sha256', nodeScratch, 'binary');
}

/** RFC 6962 hash of one leaf, 32 bytes. */
export function leafHash(leaf: Uint8Array): Buffer {
  return toBytes(leafHashText(leaf));
}

export function toBytes(text: HashText): Buffer {
  return Buffer.from(text, 'latin1');
}
