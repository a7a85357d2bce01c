import type { ShownRow } from './history-file.js';

const PLACE_BYTES = 8;

/** One number for a topic's partition; in this order the head has its strands. */
export function strandKey({ topic, partition }: { topic: number; partition: number }): number {
  return topic * 256 + partition;
}

/**
 * Where a row says it is from: 3 bits topic, 6 partition, 38 offset, 16 index within the record, below the sign; the first
 * bytes of its head. Undefined where that is not the topic and the partition it is shown under.
 */
export function placeOfRow(row: ShownRow): bigint | 'withheld' | undefined {
  if (Buffer.isBuffer(row.head)) return 'withheld';
  const { content } = row.head;
  if (content.length < PLACE_BYTES) return undefined;
  const place = content.readBigUInt64BE(0);
  const key = strandKey({ topic: Number(place >> 60n), partition: Number((place >> 54n) & 0x3fn) });
  return key === strandKey(row) ? place : undefined;
}
