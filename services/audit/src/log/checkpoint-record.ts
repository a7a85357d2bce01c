import { randomUUID } from 'node:crypto';
import { CHECKPOINT_PUBLISHED, type CheckpointPublished, HEADER, JSON_CONTENT } from '@sluice/contracts';
import type { TreeHead } from '@sluice/merkle-log';
import type { OutgoingRecord } from '@sluice/messaging';
import type { Positions } from './positions.js';

/** The record that announces a checkpoint: while they come, delivery releases. */
export function checkpointRecord(
  topic: string,
  origin: string,
  { size, root }: TreeHead,
  checkpoint: string,
  positions: Positions,
  time: Date,
): OutgoingRecord {
  const next = Object.fromEntries([...positions].map(([place, offset]) => [place, String(offset)]));
  const data: CheckpointPublished = { size, root: root.toString('base64'), checkpoint, positions: next };
  const id = randomUUID();
  return {
    topic,
    partition: 0,
    key: Buffer.from(origin),
    value: Buffer.from(JSON.stringify(data)),
    headers: {
      [HEADER.contentType]: JSON_CONTENT,
      [HEADER.specVersion]: '1.0',
      [HEADER.id]: id,
      [HEADER.source]: '/audit',
      [HEADER.type]: CHECKPOINT_PUBLISHED,
      [HEADER.time]: time.toISOString(),
      [HEADER.partitionKey]: origin,
      [HEADER.sequence]: String(size),
      [HEADER.actor]: 'service:audit',
      [HEADER.correlationId]: id,
    },
  };
}
