import { hash } from 'node:crypto';
import type { ShownPart, ShownRow, ShownStrand } from './history-file.js';

const LABEL_MARK = 'sluice history label v1\n';
const ROW = 2;
const LINK = 3;
const VALUE = 4;
const BUCKET = 5;

/** The name that a person's history has in the map. */
export function labelHash(key: Buffer, subject: string): Buffer {
  return sha256(Buffer.from(LABEL_MARK), key, Buffer.from(subject.replaceAll('-', ''), 'hex'));
}

/** What the chain has of a row: its head, and its decisions in their order. */
export function rowHash({ head, decisions }: ShownRow): Buffer {
  return sha256(Buffer.of(ROW), ...[head, ...decisions].map(commitmentTo));
}

/** @param number of the row in its strand, from 1 */
export function linkHash(before: Buffer, number: number, row: Buffer): Buffer {
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(number));
  return sha256(Buffer.of(LINK), before, count, row);
}

/** What the map has for a label. */
export function valueHash(strands: readonly ShownStrand[]): Buffer {
  const parts = strands.map(({ topic, partition, rows, link }) => {
    const count = Buffer.alloc(8);
    count.writeBigUInt64BE(BigInt(rows));
    return Buffer.concat([Buffer.of(topic, partition), count, link]);
  });
  return sha256(Buffer.of(VALUE), ...parts);
}

/** @param root of the tree over the bucket's labels and values */
export function bucketHash(count: number, root: Buffer): Buffer {
  const head = Buffer.alloc(5, BUCKET);
  head.writeUInt32BE(count, 1);
  return sha256(head, root);
}

function commitmentTo(part: ShownPart | Buffer): Buffer {
  return Buffer.isBuffer(part) ? part : sha256(part.salt, part.content);
}

function sha256(...parts: Buffer[]): Buffer {
  return hash('sha256', Buffer.concat(parts), 'buffer');
}
