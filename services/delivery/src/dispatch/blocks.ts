import { hash } from 'node:crypto';
import type { LedgerBlock, LedgerDecision } from '@sluice/contracts';
import { type ContentKey, sealBlock } from '@sluice/vault';
import { type RenderSource, renderDelivery } from '../domain/render.js';
import type { LaneState } from '../ledger/batch-effects.js';
import type { Aliases } from './aliases.js';

/** Most deliveries of one block, and most bytes of its text. */
export const BLOCK_MAX_DELIVERIES = 1_000;
export const BLOCK_MAX_BYTES = 256 * 1024;

/** A block as it goes out: what the ledger says of it, and the sealed bytes. */
export interface SealedBlock {
  ledger: LedgerBlock;
  value: Buffer;
  key: ContentKey;
}

/** One recipient’s deliveries of a batch, in lane order, with what rendering them needs. */
export interface LaneDeliveries {
  agency: string;
  lane: number;
  keyEpoch: number;
  key: ContentKey;
  decisions: readonly LedgerDecision[];
}

/** Looks up what a decision was made about. */
export interface SourceLookup {
  render(source: number): RenderSource;
  subject(source: number): string;
}

/** Cuts a lane’s deliveries into blocks, each naming the digest of the one before, and seals them. */
export function makeBlocks(
  { agency, lane, keyEpoch, key, decisions }: LaneDeliveries,
  before: LaneState,
  lookup: SourceLookup,
  aliases: Aliases,
): SealedBlock[] {
  const blocks: SealedBlock[] = [];
  let previous = before.digest;
  let first = before.sequence + 1;
  let texts: string[] = [];
  let bytes = 0;
  const close = (): void => {
    const count = texts.length;
    const body = Buffer.from(`[${texts.join(',')}]`);
    const value = sealBlock(key.key, { agency, lane, first, count, previous: previous.toString('hex') }, body);
    const digest = hash('sha256', value, 'buffer');
    blocks.push({ ledger: { agency, first, count, keyEpoch, digest, previous }, value, key });
    previous = digest;
    first += count;
    texts = [];
    bytes = 0;
  };
  for (const decision of decisions) {
    const text = renderOne(decision, lane, first + texts.length, lookup, aliases);
    const size = Buffer.byteLength(text) + 1;
    if (texts.length > 0 && (texts.length === BLOCK_MAX_DELIVERIES || bytes + size > BLOCK_MAX_BYTES)) close();
    texts.push(text);
    bytes += size;
  }
  if (texts.length > 0) close();
  return blocks;
}

/**
 * Makes a recorded block again, for a dispatch after a crash. The caller compares the digest: nothing but
 * the recorded bytes may go out under a sequence that was given before.
 */
export function remakeBlock(
  recorded: LedgerBlock,
  lane: number,
  key: ContentKey,
  decisions: readonly LedgerDecision[],
  lookup: SourceLookup,
  aliases: Aliases,
): Buffer {
  const texts = decisions.map((decision, i) => renderOne(decision, lane, recorded.first + i, lookup, aliases));
  const { agency, first, count, previous } = recorded;
  return sealBlock(
    key.key,
    { agency, lane, first, count, previous: previous.toString('hex') },
    Buffer.from(`[${texts.join(',')}]`),
  );
}

function renderOne(
  decision: LedgerDecision,
  lane: number,
  sequence: number,
  lookup: SourceLookup,
  aliases: Aliases,
): string {
  // Subject of a notice about the agency itself: the nil uuid, whose alias is not rendered.
  const alias = decision.purpose === null ? '' : aliases.of(decision, lookup.subject(decision.source));
  return renderDelivery(lookup.render(decision.source), decision, alias, lane, sequence);
}
