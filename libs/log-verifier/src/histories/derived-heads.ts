import type { ShownStrand } from '../history/history-file.js';
import { bucketHash, linkHash, valueHash } from '../history/history-hashes.js';
import { type HashText, hashLeaf, textOf } from '../tree/hash.js';
import { rootOf } from '../tree/roots.js';

const NO_LINK = Buffer.alloc(32);
const TILE = 256;
const BUCKETS = TILE * TILE;

/** The map of heads as the rows make it, epoch by epoch. */
export class DerivedHeads {
  /** Strands by label, for each bucket. */
  readonly #buckets = new Map<number, Map<HashText, ShownStrand[]>>();
  readonly #hashes: HashText[] = new Array(BUCKETS).fill(emptyBucket());
  readonly #tiles: HashText[] = new Array(TILE).fill(rootOf(new Array(TILE).fill(emptyBucket())));
  readonly #changed = new Set<number>();
  #labels = 0;

  /** How many there are. */
  get labels(): number {
    return this.#labels;
  }

  /** Chains a row to a label's strand. */
  add(label: Buffer, topic: number, partition: number, row: Buffer): void {
    const index = label.readUInt16BE(0);
    const bucket = this.#buckets.get(index) ?? new Map<HashText, ShownStrand[]>();
    this.#buckets.set(index, bucket);
    this.#changed.add(index);
    let strands = bucket.get(textOf(label));
    if (strands === undefined) {
      strands = [];
      bucket.set(textOf(label), strands);
      this.#labels += 1;
    }
    const known = strands.find((one) => one.topic === topic && one.partition === partition);
    const rows = (known?.rows ?? 0) + 1;
    const strand = { topic, partition, rows, link: linkHash(known?.link ?? NO_LINK, rows, row) };
    if (known === undefined) strands.push(strand);
    else Object.assign(known, strand);
  }

  /** 32 bytes. */
  root(): Buffer {
    for (const index of this.#changed) this.#hashes[index] = this.#hashOf(index);
    for (const tile of new Set([...this.#changed].map((index) => Math.floor(index / TILE)))) {
      this.#tiles[tile] = rootOf(this.#hashes.slice(tile * TILE, (tile + 1) * TILE));
    }
    this.#changed.clear();
    return Buffer.from(rootOf([...this.#tiles]), 'latin1');
  }

  #hashOf(index: number): HashText {
    const labels = [...this.#buckets.get(index)!].sort(([one], [other]) => (one < other ? -1 : 1));
    const leaves = labels.map(([label, strands]) => {
      strands.sort((a, b) => a.topic - b.topic || a.partition - b.partition);
      return hashLeaf(Buffer.concat([Buffer.from(label, 'latin1'), valueHash(strands)]));
    });
    return textOf(bucketHash(leaves.length, Buffer.from(rootOf(leaves), 'latin1')));
  }
}

function emptyBucket(): HashText {
  return textOf(bucketHash(0, Buffer.from(rootOf([]), 'latin1')));
}
