import { FEED_HEADER } from '@sluice/contracts';
import { SluiceError } from '../errors.js';

/** The digest a lane's first block names as its predecessor. */
export const NO_PREVIOUS_BLOCK = '0'.repeat(64);

type HeaderValue = Buffer | string | (Buffer | string)[] | undefined;

/** A Kafka record of a feed, as kafkajs hands it; other clients' records are easily brought into this shape. */
export interface FeedRecord {
  headers?: Readonly<Record<string, HeaderValue>> | undefined;
  value: Buffer | null;
  /** Decimal. */
  offset: string;
}

/** What a block's headers say. */
export interface BlockHeaders {
  keyId: string;
  wrappedKey: string;
  first: number;
  count: number;
  /** Lower-case hex SHA-256. */
  previous: string;
}

const COUNTING_NUMBER = /^[1-9]\d{0,15}$/;
const DIGEST = /^[0-9a-f]{64}$/;

/** @throws {SluiceError} `block-malformed` */
export function parseBlockHeaders(agency: string, record: FeedRecord): BlockHeaders {
  const header = (name: string): string => {
    const value = record.headers?.[name];
    if (typeof value === 'string') return value;
    if (Buffer.isBuffer(value)) return value.toString('utf8');
    throw malformed(record, `the header ${name} is missing or repeated`);
  };
  const number = (name: string): number => {
    const text = header(name);
    if (!COUNTING_NUMBER.test(text) || !Number.isSafeInteger(Number(text))) {
      throw malformed(record, `the header ${name} is not a counting number`);
    }
    return Number(text);
  };
  const keyId = header(FEED_HEADER.keyId);
  if (!keyId.startsWith(`${agency}.`)) throw malformed(record, 'the key id is not one of this agency');
  const previous = header(FEED_HEADER.previous);
  if (!DIGEST.test(previous)) throw malformed(record, 'the previous digest is not 64 lower-case hex digits');
  return {
    keyId,
    wrappedKey: header(FEED_HEADER.key),
    first: number(FEED_HEADER.first),
    count: number(FEED_HEADER.count),
    previous,
  };
}

export function malformed(record: FeedRecord, what: string): SluiceError {
  return new SluiceError('block-malformed', `the block at offset ${record.offset} is malformed: ${what}`);
}
