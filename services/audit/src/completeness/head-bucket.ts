import { hash } from 'node:crypto';
import { HASH_BYTES, type HashText, KIND, NO_LINK, nextLink, pathOf, rootOf } from './hashes.js';
import { LABEL_BYTES } from './labels.js';

/** u8 topic | u8 partition | u64 rows | last link */
export const STRAND_BYTES = 10 + HASH_BYTES;

/** A person's rows from one partition of one topic, in the order of their offsets, and the chain over them. */
export interface Strand {
  topic: number;
  partition: number;
  rows: number;
  /** Of the last row. */
  link: HashText;
}

/** What there is of one label. */
class Head {
  constructor(
    /** As latin1 text. */
    readonly label: string,
    readonly strands: Strand[] = [],
  ) {}

  /** @param rows holds the row's commitment at `at` */
  add(topic: number, partition: number, rows: Buffer, at: number): void {
    let strand = this.strands.find((one) => one.topic === topic && one.partition === partition);
    if (strand === undefined) {
      strand = { topic, partition, rows: 0, link: NO_LINK };
      this.strands.push(strand);
      this.strands.sort((a, b) => a.topic - b.topic || a.partition - b.partition);
    }
    strand.rows += 1;
    strand.link = nextLink(strand.link, strand.rows, rows, at);
  }
}

/** How a label's head is proven to be in a bucket, or the labels around one that is not. */
export interface BucketProof {
  /** Labels in the bucket. */
  count: number;
  index: number;
  path: Buffer[];
}

/**
 * The heads whose labels begin with the same 16 bits, sorted by label:
 *
 * ```
 * for each: label | u8 strands | strands, by topic and partition
 * value     SHA-256(0x04 || strands)
 * leaf      SHA-256(0x00 || label || value)
 * bucket    SHA-256(0x05 || u32 count || root of the leaves, as RFC 6962 has it)
 * ```
 */
export class HeadBucket {
  readonly #heads: Head[] = [];

  /** @param bytes as `bytes()` made them */
  constructor(bytes: Buffer = Buffer.alloc(0)) {
    for (let at = 0; at < bytes.length; ) {
      const label = bytes.toString('latin1', at, at + LABEL_BYTES);
      const count = bytes[at + LABEL_BYTES]!;
      at += LABEL_BYTES + 1;
      const strands = Array.from({ length: count }, (_, i) => readStrand(bytes, at + i * STRAND_BYTES));
      at += count * STRAND_BYTES;
      this.#heads.push(new Head(label, strands));
    }
  }

  get count(): number {
    return this.#heads.length;
  }

  /** What the bucket holds of a label, to add rows to; it comes into the bucket. */
  head(label: Buffer): Head {
    const text = label.toString('latin1');
    let place = this.#heads.findIndex((head) => head.label >= text);
    if (place < 0) place = this.count;
    const there = this.#heads[place];
    if (there?.label === text) return there;
    const head = new Head(text);
    this.#heads.splice(place, 0, head);
    return head;
  }

  strandsOf(label: Buffer): readonly Strand[] {
    const text = label.toString('latin1');
    return this.#heads.find((head) => head.label === text)?.strands ?? [];
  }

  /** Undefined where the label is not in the bucket. */
  proofOf(label: Buffer): BucketProof | undefined {
    const text = label.toString('latin1');
    const index = this.#heads.findIndex((head) => head.label === text);
    return index < 0 ? undefined : this.#proof(index);
  }

  /** The labels before and after the place where this one would be, with their proofs. */
  around(label: Buffer): (BucketProof & { label: Buffer; value: Buffer })[] {
    const text = label.toString('latin1');
    const after = this.#heads.findIndex((head) => head.label > text);
    const place = after < 0 ? this.count : after;
    return [place - 1, place]
      .filter((index) => index >= 0 && index < this.count)
      .map((index) => {
        const { label: neighbour, strands } = this.#heads[index]!;
        const value = Buffer.from(headValue(strands), 'latin1');
        return { ...this.#proof(index), label: Buffer.from(neighbour, 'latin1'), value };
      });
  }

  bytes(): Buffer {
    return Buffer.concat(
      this.#heads.flatMap(({ label, strands }) => [
        Buffer.from(label, 'latin1'),
        Buffer.of(strands.length),
        strandBytes(strands),
      ]),
    );
  }

  hash(): HashText {
    const head = Buffer.alloc(5, KIND.bucket);
    head.writeUInt32BE(this.count, 1);
    return hash('sha256', Buffer.concat([head, Buffer.from(rootOf(this.#leaves()), 'latin1')]), 'binary');
  }

  #proof(index: number): BucketProof {
    const path = pathOf(this.#leaves(), index).map((step) => Buffer.from(step, 'latin1'));
    return { count: this.count, index, path };
  }

  #leaves(): HashText[] {
    return this.#heads.map(({ label, strands }) =>
      hash('sha256', Buffer.from(`\0${label}${headValue(strands)}`, 'latin1'), 'binary'),
    );
  }
}

function headValue(strands: readonly Strand[]): HashText {
  return hash('sha256', Buffer.concat([Buffer.of(KIND.value), strandBytes(strands)]), 'binary');
}

function strandBytes(strands: readonly Strand[]): Buffer {
  const bytes = Buffer.alloc(strands.length * STRAND_BYTES);
  strands.forEach(({ topic, partition, rows, link }, i) => {
    const at = i * STRAND_BYTES;
    bytes[at] = topic;
    bytes[at + 1] = partition;
    bytes.writeBigUInt64BE(BigInt(rows), at + 2);
    bytes.write(link, at + 10, HASH_BYTES, 'latin1');
  });
  return bytes;
}

function readStrand(bytes: Buffer, at: number): Strand {
  return {
    topic: bytes[at]!,
    partition: bytes[at + 1]!,
    rows: Number(bytes.readBigUInt64BE(at + 2)),
    link: bytes.toString('latin1', at + 10, at + STRAND_BYTES),
  };
}
