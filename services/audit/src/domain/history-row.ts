import type { HistoryEntry } from '@sluice/contracts';

/** A line before it has its place, and before it is shown to anybody. */
export type LineContent = Omit<HistoryEntry, 'id' | 'at' | 'links' | 'labels' | 'sealed'>;

/** One event of a person's history as stored, of one line or several; see entry formats in ledger-entries.ts and event-entries.ts. */
export interface HistoryRow {
  /** Ms since 1970. */
  at: number;
  ref: bigint;
  entry: Buffer;
}

/** Topics that history rows are made of, as numbered in `ref`. */
export const ROW_TOPIC = { ledger: 1, consent: 2, access: 3, cases: 4 } as const;
export type RowTopic = (typeof ROW_TOPIC)[keyof typeof ROW_TOPIC];

/** Of a topic and a partition up to 2^38 records, of a record up to 2^16 rows. */
export const MAX_INDEX = 0xffff;
const MAX_OFFSET = 2 ** 38;

/**
 * What a row was made of: 3 bits topic, 6 partition, 38 offset, 16 index, below the sign. In two halves, because
 * a BigInt for every row would cost more than its bytes.
 */
export function rowRef(topic: RowTopic, partition: number, offset: number, index: number): [high: number, low: number] {
  if (offset >= MAX_OFFSET || index > MAX_INDEX) throw new RangeError('a history row has no place left for its origin');
  return [
    topic * 0x1000_0000 + partition * 0x40_0000 + Math.floor(offset / 0x1_0000),
    (offset % 0x1_0000) * 0x1_0000 + index,
  ];
}
