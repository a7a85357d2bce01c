import type { KeyObject } from 'node:crypto';
import { decrypt, encrypt, IV_BYTES } from './seal.js';

/** The digest a lane's first block names as its predecessor: 64 zeros. */
export const NO_PREVIOUS_BLOCK = '0'.repeat(64);

/** Where a block stands. Nonce and additional data both come from it, so they cannot disagree. */
export interface BlockPlace {
  /** Agency code, as in the topic name `feed.<agency>`. */
  agency: string;
  lane: number;
  /** Sequence of the block's first delivery; the lane's very first is 1. */
  first: number | bigint;
  /** Deliveries in the block. */
  count: number;
  /** Lower-case hex SHA-256 of the lane's previous block value, or {@link NO_PREVIOUS_BLOCK}. */
  previous: string;
}

/**
 * Encrypts one block: `ciphertext | 16-byte tag`.
 *
 * The nonce is `u32be lane | u64be first`, so the same place always gives the same bytes (a crashed dispatcher sends
 * the very block again). A sequence MUST therefore never be given to another text under the same content key: when a
 * ledger is restored to an earlier state, its agencies MUST get a new epoch before anything is dispatched.
 */
export function sealBlock(contentKey: KeyObject, place: BlockPlace, body: Buffer): Buffer {
  return encrypt(contentKey, nonce(place), additionalData(place), body);
}

/** Opens what {@link sealBlock} made for the same place. @throws {SealBroken} */
export function openBlock(contentKey: KeyObject, place: BlockPlace, value: Buffer): Buffer {
  return decrypt(contentKey, nonce(place), additionalData(place), value);
}

function nonce({ lane, first }: BlockPlace): Buffer {
  const bytes = Buffer.allocUnsafe(IV_BYTES);
  bytes.writeUInt32BE(lane, 0);
  bytes.writeBigUInt64BE(BigInt(first), 4);
  return bytes;
}

function additionalData({ agency, lane, first, count, previous }: BlockPlace): string {
  return `feed.${agency}|${lane}|${first}|${count}|${previous}`;
}
