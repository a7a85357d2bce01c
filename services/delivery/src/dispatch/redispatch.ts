import { hash } from 'node:crypto';
import {
  type ChangeContent,
  decodeLedgerBatch,
  type LedgerBatch,
  type LedgerSource,
  SOURCE_TOPIC,
  type SourceTopic,
  sealedChangeAad,
  TOPICS,
} from '@sluice/contracts';
import type { Agencies } from '@sluice/decision';
import type { PartitionPuller, PulledRecord } from '@sluice/messaging';
import { type ContentKeys, open, type SubjectKeys } from '@sluice/vault';
import type { RenderSource } from '../domain/render.js';
import { consentSource, registrySource, vettingSource } from '../partition/read-sources.js';
import { reread } from '../partition/reread.js';
import { readHeaders } from '../partition/source-record.js';
import type { Aliases } from './aliases.js';
import { remakeBlock } from './blocks.js';
import type { CommittedBatch } from './dispatcher.js';

/** The recorded digest is not that of the bytes made again: sending them could reuse a nonce for another text. */
export class LedgerDisagrees extends Error {
  override readonly name = 'LedgerDisagrees';
}

export interface RemakeContext {
  puller: PartitionPuller;
  agencies: Agencies;
  subjectKeys: SubjectKeys;
  contentKeys: ContentKeys;
  aliases: Aliases;
}

const TOPIC_OF: Record<SourceTopic, string> = {
  [SOURCE_TOPIC.registry]: TOPICS.registry.name,
  [SOURCE_TOPIC.consent]: TOPICS.consent.name,
  [SOURCE_TOPIC.vetting]: TOPICS.vetting.name,
};

/**
 * Makes a batch again from its ledger row and the source events in Kafka. Nothing is decided anew.
 * @throws LedgerDisagrees when a block would not be the recorded one
 */
export async function remakeBatch(content: Buffer, context: RemakeContext): Promise<CommittedBatch> {
  const ledger = decodeLedgerBatch(content);
  const delivered = ledger.decisions.slice(
    0,
    ledger.blocks.reduce((sum, block) => sum + block.count, 0),
  );
  const renders = await renderSources(ledger, new Set(delivered.map((decision) => decision.source)), context);
  const lookup = {
    render: (source: number) => renders.get(source)!,
    subject: (source: number) => ledger.sources[source]!.subject,
  };
  const blocks: CommittedBatch['blocks'][number][] = [];
  let next = 0;
  for (const block of ledger.blocks) {
    const key = await context.contentKeys.of(
      block.agency,
      block.keyEpoch,
      context.agencies.get(block.agency)!.publicKey,
    );
    const decisions = delivered.slice(next, next + block.count);
    next += block.count;
    const value = remakeBlock(block, ledger.partition, key, decisions, lookup, context.aliases);
    if (!hash('sha256', value, 'buffer').equals(block.digest)) {
      throw new LedgerDisagrees(`lane ${ledger.partition} of ${block.agency}, block at ${block.first}`);
    }
    blocks.push({ value, key });
  }
  return { ledger, content, blocks, traceparent: undefined };
}

async function renderSources(
  ledger: LedgerBatch,
  wanted: ReadonlySet<number>,
  { puller, subjectKeys }: RemakeContext,
): Promise<Map<number, RenderSource>> {
  const renders = new Map<number, RenderSource>();
  const indices = [...wanted];
  for (const topic of [SOURCE_TOPIC.registry, SOURCE_TOPIC.consent, SOURCE_TOPIC.vetting] as const) {
    const ofTopic = indices.filter((index) => ledger.sources[index]!.topic === topic);
    if (ofTopic.length === 0) continue;
    const partition = topic === SOURCE_TOPIC.vetting ? 0 : ledger.partition;
    const offsets = ofTopic.map((index) => ledger.sources[index]!.offset);
    const records = await reread(puller, TOPIC_OF[topic], partition, offsets);
    if (topic === SOURCE_TOPIC.registry) {
      await subjectKeys.preload(
        ofTopic.map((index) => ledger.sources[index]!.subject),
        false,
      );
    }
    for (const index of ofTopic) {
      const source = ledger.sources[index]!;
      renders.set(index, renderSource(source, records.get(source.offset)!, subjectKeys));
    }
  }
  return renders;
}

function renderSource(source: LedgerSource, record: PulledRecord, keys: SubjectKeys): RenderSource {
  const headers = readHeaders(record);
  switch (source.topic) {
    case SOURCE_TOPIC.vetting:
      return vettingSource(record, headers).notice!.render;
    case SOURCE_TOPIC.consent:
      return consentSource(record, headers).notice!.render;
    case SOURCE_TOPIC.registry: {
      const { change, render } = registrySource(record, headers);
      const key = keys.get(source.subject);
      if (key === undefined) throw new LedgerDisagrees(`the key of a recorded delivery was destroyed`);
      const aad = sealedChangeAad(source.subject, change.kind, change.attributes, change.version);
      return { ...render, values: (JSON.parse(open(key, aad, change.sealed).toString()) as ChangeContent).attributes };
    }
  }
}
