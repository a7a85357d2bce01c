import { createDecipheriv, hash, type KeyObject } from 'node:crypto';
import { SluiceError } from '../errors.js';
import { importPrivateKey, type PrivateKey } from './agency-keys.js';
import { type BlockHeaders, type FeedRecord, malformed, NO_PREVIOUS_BLOCK, parseBlockHeaders } from './block-record.js';
import { parseBlockText } from './block-text.js';
import { ContentKeyCache } from './content-keys.js';
import type { FeedEvent } from './events.js';
import { GapFound } from './gap.js';
import type { LanePosition } from './position.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** One event, and the position to remember together with its effect. */
export interface Delivery {
  event: FeedEvent;
  position: LanePosition;
}

export interface BlockReaderOptions {
  agency: string;
  /** The private key, or several while an old one is being replaced. */
  privateKey: PrivateKey | readonly PrivateKey[];
}

/**
 * Opens and checks the blocks of a feed. It knows no Kafka client: hand it the records of a lane in their order, each
 * with the position reached before it.
 */
export class BlockReader {
  readonly #agency: string;
  readonly #contentKeys: ContentKeyCache;

  /** @throws {SluiceError} `private-key-unusable` */
  constructor({ agency, privateKey }: BlockReaderOptions) {
    this.#agency = agency;
    const privateKeys = Array.isArray(privateKey) ? (privateKey as readonly PrivateKey[]) : [privateKey as PrivateKey];
    this.#contentKeys = new ContentKeyCache(privateKeys.map(importPrivateKey));
  }

  /**
   * What of this record is new: nothing for a repeat, the rest for a block that was applied in part.
   * @param lane the record's partition
   * @param last the position reached; `undefined` before the lane's first delivery
   * @throws {GapFound} when deliveries are missing before it
   * @throws {SluiceError} `chain-broken`, `block-broken`, `block-malformed`, `content-key-locked`
   */
  async read(lane: number, record: FeedRecord, last: LanePosition | undefined): Promise<Delivery[]> {
    const headers = parseBlockHeaders(this.#agency, record);
    if (record.value === null) throw malformed(record, 'it has no value');
    const digest = hash('sha256', record.value, 'hex');
    if (standing(lane, record, headers, digest, last) === 'repeat') return [];

    const key = await this.#contentKeys.of(headers.keyId, headers.wrappedKey);
    const text = decrypt(key, this.#agency, lane, headers, record);
    const events = parseEvents(text, headers, record);
    const applied = last === undefined ? 0 : Math.max(0, last.sequence - headers.first + 1);
    return events.slice(applied).map((event) => ({
      event,
      position: { lane, sequence: Number(event.sequence), digest, offset: record.offset },
    }));
  }
}

/** Where a block stands to the position reached. A block that is neither new nor a repeat is refused. */
function standing(
  lane: number,
  record: FeedRecord,
  { first, count, previous }: BlockHeaders,
  digest: string,
  last: LanePosition | undefined,
): 'new' | 'repeat' {
  const reached = last?.sequence ?? 0;
  const end = first + count - 1;
  if (end < reached) return 'repeat';
  if (first > reached + 1) {
    const resume = { lane, sequence: first - 1, digest: previous, offset: record.offset };
    throw new GapFound(reached + 1, first, resume);
  }
  // The block holding the last delivery applied must be the very block that was applied.
  const [expected, found] =
    first === reached + 1 ? [last?.digest ?? NO_PREVIOUS_BLOCK, previous] : [last?.digest, digest];
  if (expected !== found) {
    throw new SluiceError(
      'chain-broken',
      `lane ${lane}: the block at ${first} does not follow what was applied up to ${reached}`,
    );
  }
  return end === reached ? 'repeat' : 'new';
}

function decrypt(key: KeyObject, agency: string, lane: number, headers: BlockHeaders, record: FeedRecord): Buffer {
  const { first, count, previous } = headers;
  const value = record.value as Buffer;
  const end = value.length - TAG_BYTES;
  if (end < 0) throw malformed(record, 'it is shorter than its tag');
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32BE(lane, 0);
  nonce.writeBigUInt64BE(BigInt(first), 4);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(`feed.${agency}|${lane}|${first}|${count}|${previous}`, 'utf8'))
      .setAuthTag(value.subarray(end));
    const text = decipher.update(value.subarray(0, end));
    decipher.final();
    return text;
  } catch (cause) {
    throw new SluiceError('block-broken', `lane ${lane}: the block at ${first} does not decrypt`, { cause });
  }
}

function parseEvents(text: Buffer, { first, count }: BlockHeaders, record: FeedRecord): FeedEvent[] {
  let events: unknown;
  try {
    events = parseBlockText(text);
  } catch {
    // The parser's message quotes the text: personal values must not get into an error.
    throw malformed(record, 'its text is not JSON');
  }
  if (!Array.isArray(events) || events.length !== count) throw malformed(record, `it does not hold ${count} events`);
  events.forEach((event: Partial<FeedEvent> | null, index) => {
    if (event?.specversion !== '1.0' || typeof event.type !== 'string' || event.sequence !== String(first + index)) {
      throw malformed(record, `its event ${index} is not the CloudEvent of sequence ${first + index}`);
    }
  });
  return events as FeedEvent[];
}
