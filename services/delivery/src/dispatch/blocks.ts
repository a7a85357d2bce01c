import { hash } from 'node:crypto';
import type { LedgerBlock, LedgerDecision } from '@sluice/contracts';
import { type ContentKey, sealBlock } from '@sluice/vault';
import { BlockText } from '../domain/block-text.js';
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

/** Of whatever block is being made: making one never waits for anything. */
const text = new BlockText();

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
  let count = 0;
  const close = (end: number): void => {
    const place = { agency, lane, first, count, previous: previous.toString('hex') };
    const value = sealBlock(key.key, place, text.upTo(end));
    const digest = hash('sha256', value, 'buffer');
    blocks.push({ ledger: { agency, first, count, keyEpoch, digest, previous }, value, key });
    previous = digest;
    first += count;
    count = 0;
  };
  text.clear();
  for (const decision of decisions) {
    const begin = text.next();
    renderOne(decision, lane, first + count, lookup, aliases);
    if (count > 0 && (count === BLOCK_MAX_DELIVERIES || text.length >= BLOCK_MAX_BYTES)) {
      close(begin);
      text.cutBefore(begin);
    }
    count += 1;
  }
  if (count > 0) close(text.length);
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
  const { agency, first, count, previous } = recorded;
  text.clear();
  for (const [i, decision] of decisions.entries()) {
    text.next();
    renderOne(decision, lane, first + i, lookup, aliases);
  }
  const place = { agency, lane, first, count, previous: previous.toString('hex') };
  return sealBlock(key.key, place, text.upTo(text.length));
}

function renderOne(
  decision: LedgerDecision,
  lane: number,
  sequence: number,
  lookup: SourceLookup,
  aliases: Aliases,
): void {
  // Subject of a notice about the agency itself: the nil uuid, whose alias is not rendered.
  const alias = decision.purpose === null ? '' : aliases.of(decision, lookup.subject(decision.source));
  renderDelivery(text, lookup.render(decision.source), decision, alias, lane, sequence);
}
