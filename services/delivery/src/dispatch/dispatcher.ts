import {
  BLOCK_CONTENT,
  FEED_HEADER,
  feedTopic,
  HEADER,
  LEDGER_BATCH,
  LEDGER_CONTENT,
  type LedgerBatch,
  TOPICS,
} from '@sluice/contracts';
import type { OutgoingRecord, RecordProducer } from '@sluice/messaging';
import type { ContentKey } from '@sluice/vault';
import { fenceRecord, fencesOf } from './fences.js';

const NAME = {
  contentType: Buffer.from(FEED_HEADER.contentType),
  keyId: Buffer.from(FEED_HEADER.keyId),
  key: Buffer.from(FEED_HEADER.key),
  first: Buffer.from(FEED_HEADER.first),
  count: Buffer.from(FEED_HEADER.count),
  previous: Buffer.from(FEED_HEADER.previous),
  traceParent: Buffer.from(FEED_HEADER.traceParent),
};
const BLOCK_CONTENT_BYTES = Buffer.from(BLOCK_CONTENT);

/** A batch that is in the ledger, with the bytes of its blocks in the ledger’s order. */
export interface CommittedBatch {
  ledger: LedgerBatch;
  content: Buffer;
  blocks: readonly { value: Buffer; key: ContentKey }[];
  traceparent: string | undefined;
}

/** Publishes what the ledger holds: blocks to their feeds, the batch to delivery.ledger, and then the fences. */
export class Dispatcher {
  constructor(private readonly producer: RecordProducer) {}

  /**
   * Resolves when all of it is durable. The fences go last: one says that everything before its sequence is
   * in the feed.
   */
  async dispatch(batch: CommittedBatch): Promise<void> {
    const { partition } = batch.ledger;
    const records = batch.ledger.blocks.map((block, i): OutgoingRecord => {
      const { value, key } = batch.blocks[i]!;
      const headers = new Map<Buffer, Buffer>([
        [NAME.contentType, BLOCK_CONTENT_BYTES],
        [NAME.keyId, Buffer.from(key.kid)],
        [NAME.key, Buffer.from(key.wrapped)],
        [NAME.first, Buffer.from(String(block.first))],
        [NAME.count, Buffer.from(String(block.count))],
        [NAME.previous, Buffer.from(block.previous.toString('hex'))],
      ]);
      if (batch.traceparent !== undefined) headers.set(NAME.traceParent, Buffer.from(batch.traceparent));
      return { topic: feedTopic(block.agency), partition, key: null, value, headers };
    });
    records.push(ledgerRecord(batch));
    await this.producer.send(records);
    const fences = fencesOf(batch.ledger);
    if (fences.length > 0) {
      await this.producer.send(fences.map((fence) => fenceRecord(fence, batch.ledger.decidedAt)));
    }
  }
}

function ledgerRecord({ ledger, content }: CommittedBatch): OutgoingRecord {
  const id = `${ledger.partition}.${ledger.sequence}`;
  return {
    topic: TOPICS.ledger.name,
    partition: ledger.partition,
    key: null,
    value: content,
    headers: {
      [HEADER.contentType]: LEDGER_CONTENT,
      [HEADER.specVersion]: '1.0',
      [HEADER.id]: id,
      [HEADER.source]: '/delivery',
      [HEADER.type]: LEDGER_BATCH,
      [HEADER.time]: new Date(ledger.decidedAt).toISOString(),
      [HEADER.partitionKey]: String(ledger.partition),
      [HEADER.sequence]: String(ledger.sequence),
      [HEADER.actor]: 'service:delivery',
    },
  };
}
