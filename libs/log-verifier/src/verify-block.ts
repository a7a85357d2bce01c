import { hashLeaf } from './tree/hash.js';
import { inclusionHolds } from './tree/proofs.js';

const SALT_BYTES = 32;
/** No delivery is longer in its canonical form. */
const MAX_CONTENT_BYTES = 4096;

/** One delivery of a block, and the way from it to the block's root. */
export interface DeliveryInBlock {
  /** 32 bytes, given to those who may check this delivery. */
  salt: Buffer;
  /** The delivery in its canonical form. */
  content: Buffer;
  /** Of the delivery in its block, from 0. */
  index: number;
  /** Deliveries in the block. */
  count: number;
  /** From the delivery's sibling up, 32 bytes each. */
  path: Buffer[];
}

/** Whether a delivery is in the block with this root; the log's leaf for the block holds the root. */
export function isInBlock({ salt, content, index, count, path }: DeliveryInBlock, root: Buffer): boolean {
  if (salt.length !== SALT_BYTES || content.length > MAX_CONTENT_BYTES) return false;
  return inclusionHolds(hashLeaf(Buffer.concat([salt, content])), index, count, path, root);
}
