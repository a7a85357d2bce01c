import { LANES } from '@sluice/contracts';
import { ROW_TOPIC } from '../domain/history-row.js';
import { LogPositions } from '../intake/intake-store.js';
import type { IntakeTopics } from '../intake/topics.js';

/** How far one partition was read; JSON, so what may be large is text. */
export interface PartitionPlace {
  /** Next offset, by topic. */
  offsets: Record<string, string>;
  /** The last event seen of each service's log: topic, source, xid, position. */
  logs: [topic: string, source: string, xid: string, position: string][];
  /** The last batch of the ledger. */
  ledger: number;
}

/** By partition. */
export type HistoryPlace = PartitionPlace[];

export function placeOf(after: unknown): HistoryPlace {
  const place = (after as HistoryPlace | null) ?? [];
  return Array.from({ length: LANES }, (_, partition) => place[partition] ?? { offsets: {}, logs: [], ledger: 0 });
}

export function logsOf({ logs }: PartitionPlace): LogPositions {
  const positions = new LogPositions();
  for (const [topic, source, xid, position] of logs) {
    positions.set(topic, source, { xid: BigInt(xid), position: BigInt(position) });
  }
  return positions;
}

/** The topics that history rows are made of. */
export function rowTopics(topics: IntakeTopics): { topic: string; number: number }[] {
  return Object.entries(ROW_TOPIC).map(([role, number]) => ({ topic: topics[role as keyof typeof ROW_TOPIC], number }));
}

/** Of `ref`: the offset, and topic with partition; see `rowRef`. */
const OFFSET = '((ref >> 16) & 274877906943)';
const ORIGIN = '(ref >> 54)';

/**
 * The rows that can be told about: all but those of records that the live intake has taken in and that were not read
 * here yet. What claims to come from beyond the live intake, or from nowhere, can be told about: it should not be there.
 */
export function toldAbout(place: HistoryPlace, topics: IntakeTopics): string {
  const cases = place.flatMap(({ offsets }, partition) =>
    rowTopics(topics).map(({ topic, number }) => {
      const live = `(select next_offset from audit.source where topic = '${topic}' and partition = ${partition})`;
      const read = BigInt(offsets[topic] ?? '0');
      return `when ${number * 64 + partition} then ${OFFSET} < ${read} or ${OFFSET} >= coalesce(${live}, 0)`;
    }),
  );
  return `case ${ORIGIN} ${cases.join(' ')} else true end`;
}
