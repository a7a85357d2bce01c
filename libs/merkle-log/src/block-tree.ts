import { MerkleLogError } from './errors.js';
import { Frontier } from './tree/frontier.js';
import { type HashText, leafHashText, toBytes } from './tree/hash.js';
import { inclusionRanges } from './tree/ranges.js';

/** Fixed, so that no two pairs of salt and content give the same bytes to hash. */
export const SALT_BYTES = 32;

/** Proof that one delivery is part of a block, without showing the others. */
export interface BlockProof {
  /** Of the delivery in its block, from 0. */
  index: number;
  /** Deliveries in the block. */
  count: number;
  /** From the delivery's sibling up, 32 bytes each. */
  path: Buffer[];
}

/**
 * SHA-256(0x00 || salt || content), the leaf that RFC 6962 makes of the two: binds to the content, and tells nothing about
 * it to whoever lacks the salt, nor to anyone once the salt is destroyed.
 * @param salt 32 secret bytes of this content's own
 * @param content in a canonical form, so that the same delivery gives the same bytes later
 */
export function commit(salt: Buffer, content: Uint8Array): HashText {
  if (salt.length !== SALT_BYTES) throw new RangeError(`a salt has ${SALT_BYTES} bytes`);
  return leafHashText(Buffer.concat([salt, content]));
}

/** The Merkle tree over the deliveries of one block, hashed as RFC 6962 has it; its leaves are commitments. */
export class BlockTree {
  readonly #leaves: readonly HashText[];

  /** @param commitments of the block's deliveries, in their order in the lane */
  constructor(commitments: readonly HashText[]) {
    this.#leaves = commitments;
  }

  /** 32 bytes: what the log's leaf holds for the block. */
  root(): Buffer {
    return toBytes(this.#rootOf(0, this.#leaves.length));
  }

  /** @throws {MerkleLogError} `proof-out-of-range` */
  proof(index: number): BlockProof {
    const count = this.#leaves.length;
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw new MerkleLogError('proof-out-of-range', `a block of ${count} deliveries has no delivery ${index}`);
    }
    const path = inclusionRanges(index, count).map(({ start, end }) => toBytes(this.#rootOf(start, end)));
    return { index, count, path };
  }

  #rootOf(start: number, end: number): HashText {
    const frontier = new Frontier();
    for (let at = start; at < end; at++) frontier.add(this.#leaves[at] as HashText, 0);
    return frontier.root();
  }
}
