import { createHash } from 'node:crypto';
import { uuidText } from './codec/bytes.js';

/** Namespace of names below, as RFC 9562 section 5.5 wants one. */
const NAMESPACE = Buffer.from('6ba9f1c27f1d4b0c9f5ae0c0a4d1b2e3', 'hex');

/** A uuid version 5: the same name always gives the same stream. */
export function namedStream(kind: string, name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(`${kind}:${name}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return uuidText(bytes);
}

/** The event stream, and Kafka key, of an agency. */
export function agencyStream(agency: string): string {
  return namedStream('agency', agency);
}
