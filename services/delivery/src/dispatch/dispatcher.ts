import {
  BLOCK_CONTENT,
  encodeHeader,
  FEED_HEADER,
  feedTopic,
  HEADER,
  joinHeaders,
  LEDGER_BATCH,
  LEDGER_CONTENT,
  type LedgerBlock,
  TOPICS,
} from '@sluice/contracts';
import type { OutgoingRecord, RecordProducer } from '@sluice/messaging';
import type { ContentKey } from '@sluice/vault';
import { type Fence, fenceRecord } from './fences.js';

const NAME = {
  contentType: Buffer.from(FEED_HEADER.contentType),
  keyId: Buffer.from(FEED_HEADER.keyId),
  key: Buffer.from(FEED_HEADER.key),
  first: Buffer.from(FEED_HEADER.first),
  count: Buffer.from(FEED_HEADER.count),
  previous: Buffer.from(FEED_HEADER.previous),
  traceParent: Buffer.from(FEED_HEADER.traceParent),
};
const CONTENT_TYPE = encodeHeader(NAME.contentType, Buffer.from(BLOCK_CONTENT));

const headersByKey = new WeakMap<ContentKey, readonly Buffer[]>();

/** The same for all blocks under one key. */
function keyHeaders(key: ContentKey): readonly Buffer[] {
  let headers = headersByKey.get(key);
  if (headers === undefined) {
    const id = encodeHeader(NAME.keyId, Buffer.from(key.kid));
    headers = [CONTENT_TYPE, id, encodeHeader(NAME.key, Buffer.from(key.wrapped))];
    headersByKey.set(key, headers);
  }
  return headers;
}

/** What goes out of a batch that is in the ledger: its blocks in the ledger’s order, its record, and the fences it sets. */
export interface CommittedBatch {
  partition: number;
  sequence: number;
  decidedAt: number;
  content: Buffer;
  blocks: readonly { ledger: LedgerBlock; value: Buffer; key: ContentKey }[];
  fences: readonly Fence[];
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
    const { partition, fences, decidedAt } = batch;
    const records = batch.blocks.map(({ ledger: block, value, key }): OutgoingRecord => {
      const headers = [
        ...keyHeaders(key),
        encodeHeader(NAME.first, Buffer.from(String(block.first))),
        encodeHeader(NAME.count, Buffer.from(String(block.count))),
        encodeHeader(NAME.previous, Buffer.from(block.previous.toString('hex'))),
      ];
      if (batch.traceparent !== undefined) {
        headers.push(encodeHeader(NAME.traceParent, Buffer.from(batch.traceparent)));
      }
      return { topic: feedTopic(block.agency), partition, key: null, value, headers: joinHeaders(headers) };
    });
    records.push(ledgerRecord(batch));
    await this.producer.send(records);
    if (fences.length > 0) await this.producer.send(fences.map((fence) => fenceRecord(fence, decidedAt)));
  }
}

function ledgerRecord({ partition, sequence, decidedAt, content }: CommittedBatch): OutgoingRecord {
  const id = `${partition}.${sequence}`;
  return {
    topic: TOPICS.ledger.name,
    partition,
    key: null,
    value: content,
    headers: {
      [HEADER.contentType]: LEDGER_CONTENT,
      [HEADER.specVersion]: '1.0',
      [HEADER.id]: id,
      [HEADER.source]: '/delivery',
      [HEADER.type]: LEDGER_BATCH,
      [HEADER.time]: new Date(decidedAt).toISOString(),
      [HEADER.partitionKey]: String(partition),
      [HEADER.sequence]: String(sequence),
      [HEADER.actor]: 'service:delivery',
    },
  };
}
