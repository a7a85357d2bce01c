import { bundlePath, entriesOf, type ObjectReader } from '@sluice/merkle-log';
import { readHeadsLeaf } from '../completeness/heads-leaf.js';
import { type BlockLeaf, readBlockLeaf } from './block-leaf.js';
import { readRecordLeaf } from './record-leaf.js';

/** A block, where its leaf is, and the ledger's record it is from. */
export interface IndexedBlock extends Pick<BlockLeaf, 'agency' | 'lane' | 'first' | 'count' | 'ledgerSequence'> {
  /** Index in the log. */
  leaf: number;
  ledgerOffset: bigint;
}

/** A leaf of heads, and where it is. */
export interface HeadsAt {
  epoch: number;
  /** Index in the log. */
  leaf: number;
  content: string;
}

/** What is found among leaves. */
export interface Indexed {
  blocks: IndexedBlock[];
  heads: HeadsAt[];
}

const BUNDLE_WIDTH = 256;
const BLOCK_INITIAL = 'b'.charCodeAt(0);
const RECORD_INITIAL = 'r'.charCodeAt(0);
const HEADS_INITIAL = 'h'.charCodeAt(0);

/** Finds blocks and heads among leaves that are given in order, part by part: a block follows the record it is from. */
export class BlockScan {
  #record: Buffer | undefined;

  /** @param first index of the first leaf in the log */
  among(leaves: readonly Buffer[], first: number): Indexed {
    const blocks: IndexedBlock[] = [];
    const heads: HeadsAt[] = [];
    leaves.forEach((leaf, i) => {
      if (leaf[0] === RECORD_INITIAL) this.#record = leaf;
      if (leaf[0] === HEADS_INITIAL) {
        const content = leaf.toString('latin1');
        const read = readHeadsLeaf(content);
        if (read !== undefined) heads.push({ epoch: read.epoch, leaf: first + i, content });
      }
      if (leaf[0] !== BLOCK_INITIAL || this.#record === undefined) return;
      const block = readBlockLeaf(leaf.toString('latin1'));
      const source = readRecordLeaf(this.#record.toString('latin1'));
      if (block === undefined || source === undefined) return;
      const { root: _root, digest: _digest, first: sequence, ...rest } = block;
      blocks.push({ ...rest, first: sequence, leaf: first + i, ledgerOffset: source.offset });
    });
    return { blocks, heads };
  }
}

/** The leaves `from` to `to` of a log of `size`. @throws where a bundle is missing */
export async function readLeaves(storage: ObjectReader, from: number, to: number, size: number): Promise<Buffer[]> {
  const leaves: Buffer[] = [];
  for (let index = Math.floor(from / BUNDLE_WIDTH); index * BUNDLE_WIDTH < to; index++) {
    const start = index * BUNDLE_WIDTH;
    const width = Math.min(BUNDLE_WIDTH, size - start);
    const bytes =
      (await storage.read(bundlePath(index, width))) ?? (await storage.read(bundlePath(index, BUNDLE_WIDTH)));
    const entries = bytes && entriesOf(bytes);
    if (entries === undefined || entries.length < width) throw new Error(`bundle ${index} of the log cannot be read`);
    leaves.push(...entries.slice(Math.max(0, from - start), to - start));
  }
  return leaves;
}
