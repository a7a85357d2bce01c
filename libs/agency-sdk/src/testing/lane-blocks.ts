import { createHash, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { FEED_HEADER, FEED_PROFILE_CHANGED } from '@sluice/contracts';
import { type BlockPlace, NO_PREVIOUS_BLOCK, sealBlock, wrapForAgency } from '@sluice/vault';
import { type AgencyKeys, generateAgencyKeys } from '../feed/agency-keys.js';
import type { FeedRecord } from '../feed/block-record.js';
import type { FeedEvent } from '../feed/events.js';

/** What an agency's feed looks like from the sending side: one content key, and the wrapped form of it. */
export interface FeedKeys {
  agency: string;
  keys: AgencyKeys;
  contentKey: KeyObject;
  keyId: string;
  wrapped: string;
}

export async function newFeedKeys(agency: string): Promise<FeedKeys> {
  const keys = await generateAgencyKeys();
  const contentKey = randomBytes(32);
  const keyId = `${agency}.1`;
  const wrapped = await wrapForAgency(contentKey, keys.publicJwk, keyId);
  return { agency, keys, contentKey: createSecretKey(contentKey), keyId, wrapped };
}

export function eventAt(sequence: number): FeedEvent {
  return {
    specversion: '1.0',
    id: `event-${sequence}`,
    source: '/delivery',
    type: FEED_PROFILE_CHANGED,
    subject: 'a3f1c2d4-0b5e-9c6f-1a2b-3c4d5e6f7a8b',
    time: '2026-01-02T03:04:05.678Z',
    sequence: String(sequence),
    datacontenttype: 'application/json',
    grant: '018f3c5a-0000-7000-8000-000000000001',
    purpose: 'kyc-refresh',
    basis: 'consent',
    data: { attributes: { 'mobile-phone': `+861380000${String(sequence).padStart(4, '0')}` } },
  };
}

export interface BlockRecord extends FeedRecord {
  headers: Record<string, Buffer>;
  value: Buffer;
  digest: string;
}

/** One sealed record; `body` replaces the events where a test wants other text in the block. */
export function blockRecord(
  { agency, contentKey, keyId, wrapped }: FeedKeys,
  place: Omit<BlockPlace, 'agency'>,
  offset: number,
  body?: string,
): BlockRecord {
  const { first, count } = place;
  const events = Array.from({ length: count }, (_, index) => eventAt(Number(first) + index));
  const value = sealBlock(contentKey, { agency, ...place }, Buffer.from(body ?? JSON.stringify(events)));
  const headers = {
    [FEED_HEADER.keyId]: keyId,
    [FEED_HEADER.key]: wrapped,
    [FEED_HEADER.first]: String(first),
    [FEED_HEADER.count]: String(count),
    [FEED_HEADER.previous]: place.previous,
  };
  return {
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
    value,
    offset: String(offset),
    digest: createHash('sha256').update(value).digest('hex'),
  };
}

/** A lane's blocks of these sizes, each naming the one before it, from sequence 1 and offset 0 on. */
export function laneOfBlocks(keys: FeedKeys, lane: number, sizes: readonly number[]): BlockRecord[] {
  const records: BlockRecord[] = [];
  let first = 1;
  for (const count of sizes) {
    const previous = records.at(-1)?.digest ?? NO_PREVIOUS_BLOCK;
    records.push(blockRecord(keys, { lane, first, count, previous }, records.length));
    first += count;
  }
  return records;
}
