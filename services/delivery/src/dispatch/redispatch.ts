import { hash } from 'node:crypto';
import {
  decodeLedgerBatch,
  type LedgerBatch,
  type LedgerSource,
  SOURCE_TOPIC,
  sealedChangeAad,
  ValueTexts,
} from '@sluice/contracts';
import type { Agencies } from '@sluice/decision';
import type { PartitionPuller } from '@sluice/messaging';
import { type ContentKeys, open, type SubjectKeys } from '@sluice/vault';
import type { RenderSource } from '../domain/render.js';
import { isRegistrySource, type RegistrySource, type Source } from '../partition/read-sources.js';
import { readSourcesAgain } from '../partition/read-sources-again.js';
import type { Aliases } from './aliases.js';
import { remakeBlock } from './blocks.js';
import type { CommittedBatch } from './dispatcher.js';
import { fencesOf } from './fences.js';

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
    blocks.push({ ledger: block, value, key });
  }
  const { partition, sequence, decidedAt } = ledger;
  return { partition, sequence, decidedAt, content, blocks, fences: fencesOf(ledger), traceparent: undefined };
}

async function renderSources(
  ledger: LedgerBatch,
  wanted: ReadonlySet<number>,
  { puller, subjectKeys }: RemakeContext,
): Promise<Map<number, RenderSource>> {
  const indices = [...wanted];
  const recorded = indices.map((index) => ledger.sources[index]!);
  const read = await readSourcesAgain(recorded, ledger.partition, puller);
  const persons = recorded.filter(({ topic }) => topic === SOURCE_TOPIC.registry).map(({ subject }) => subject);
  if (persons.length > 0) await subjectKeys.preload(persons, false);
  return new Map(indices.map((index, i) => [index, renderSource(recorded[i]!, read[i]!, subjectKeys)]));
}

function renderSource({ subject, replay }: LedgerSource, source: Source | RegistrySource, keys: SubjectKeys) {
  const render: RenderSource = { ...source.render, ...(replay !== undefined && { replay }) };
  if (!isRegistrySource(source)) return render;
  const { change } = source;
  const key = keys.get(subject);
  if (key === undefined) throw new LedgerDisagrees(`the key of a recorded delivery was destroyed`);
  const aad = sealedChangeAad(subject, change.kind, change.attributes, change.version);
  render.values = ValueTexts.of(open(key, aad, change.sealed), change.attributes);
  return render;
}
