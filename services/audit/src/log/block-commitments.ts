import { createHash, createHmac, hash, type KeyObject } from 'node:crypto';
import { BlockTree, type HashText, SALT_BYTES } from '@sluice/merkle-log';
import type { LedgerView } from '../domain/ledger-view.js';
import { DeliveryTexts } from './delivery-text.js';
import { LineBuffer } from './line-buffer.js';

/** Name of the secret that the salts come from. */
export const SALT_SECRET = 'log-salts';

const AGENCY = /^[a-z][a-z0-9-]{2,39}$/;

/** One block of a ledger batch, and where its deliveries' decisions begin. */
export interface BlockPlace {
  agency: string;
  first: number;
  count: number;
  /** SHA-256 of the block as it was sent. */
  digest: Buffer;
  /** Index of its first decision; the others follow. */
  decision: number;
}

/** The blocks of a batch. @throws {RangeError} where the batch has other decisions than its blocks say */
export function blocksOf(batch: LedgerView): BlockPlace[] {
  let decision = 0;
  const blocks = batch.blocks.map(({ agency, first, count, digest }) => {
    const name = batch.strings[agency]!.toString();
    if (!AGENCY.test(name)) throw new RangeError('a ledger batch with a block for no agency');
    const place = { agency: name, first, count, digest, decision };
    decision += count;
    return place;
  });
  if (decision > batch.decisions || blocks.some(({ count }) => count === 0)) {
    throw new RangeError('a ledger batch whose blocks do not match its decisions');
  }
  return blocks;
}

/** Longest delivery text: codes, names and numbers all have bounds. */
const MAX_TEXT_BYTES = 4096;
/** RFC 6962's mark of a leaf (0x00), salt and text together, hashed in one call. */
const leaf = Buffer.alloc(1 + SALT_BYTES + MAX_TEXT_BYTES);
const TEXT_AT = 1 + SALT_BYTES;
const line = new LineBuffer(leaf);

/** The deliveries of a block, salted and committed to: what the block's leaf holds the root of. */
export class BlockCommitments {
  readonly #salts: Buffer;
  readonly #texts: DeliveryTexts;
  readonly #tree: BlockTree;

  /** @param secret `SALT_SECRET` of the key provider: whoever has not got it learns nothing from a root or a path */
  constructor(secret: KeyObject, batch: LedgerView, block: BlockPlace) {
    this.#salts = saltsOf(secret, batch, block);
    this.#texts = new DeliveryTexts(batch, block);
    this.#tree = new BlockTree(Array.from({ length: block.count }, (_, index) => this.#commitment(index)));
  }

  root(): Buffer {
    return this.#tree.root();
  }

  /** All that shows one delivery, and none of the others, to be in the block. */
  proof(index: number): { text: string; salt: Buffer; path: Buffer[] } {
    const salt = this.#salts.subarray(index * SALT_BYTES, (index + 1) * SALT_BYTES);
    const end = this.#write(index);
    return { text: leaf.toString('latin1', TEXT_AT, end), salt, path: this.#tree.proof(index).path };
  }

  /** As merkle-log's `commit` makes it, without a Buffer for each. */
  #commitment(index: number): HashText {
    this.#salts.copy(leaf, 1, index * SALT_BYTES, (index + 1) * SALT_BYTES);
    return hash('sha256', leaf.subarray(0, this.#write(index)), 'binary');
  }

  /** @returns where the text ends */
  #write(index: number): number {
    line.at = TEXT_AT;
    this.#texts.write(line, index);
    return line.at;
  }
}

/**
 * The salts of a block, one after another: SHAKE256 (FIPS 202) of HMAC-SHA-256(secret, place of the block). So they
 * need not be kept, one tells nothing of another, and a block of any size costs two calls.
 */
function saltsOf(secret: KeyObject, { partition, sequence }: LedgerView, { agency, first, count }: BlockPlace): Buffer {
  const place = `${partition}.${sequence} ${agency}/${partition}#${first}+${count}`;
  const seed = createHmac('sha256', secret).update(place).digest();
  return createHash('shake256', { outputLength: count * SALT_BYTES })
    .update(seed)
    .digest();
}
