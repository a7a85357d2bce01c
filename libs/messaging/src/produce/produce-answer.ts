import { protocolErrors, protocolErrorsCodesById } from '@platformatic/kafka';
import { MessagingError } from '../errors.js';
import type { RefusedRecord } from './send-call.js';

/** What a broker's error code means for a batch. */
export type ProduceAnswer =
  | { kind: 'stored' }
  | { kind: 'again' }
  | { kind: 'sequence-lost' }
  | { kind: 'refused'; reason: RefusedRecord['reason'] }
  | { kind: 'rejected'; error: MessagingError };

const STORED = new Set(['DUPLICATE_SEQUENCE_NUMBER']);
const SEQUENCE_LOST = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH']);
const FORBIDDEN = new Set(['TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED']);
const REFUSED = new Map<string, RefusedRecord['reason']>([
  ['MESSAGE_TOO_LARGE', 'too-large'],
  ['RECORD_LIST_TOO_LARGE', 'too-large'],
  ['INVALID_RECORD', 'invalid'],
  ['INVALID_TIMESTAMP', 'invalid'],
]);

/** @param code an error code of the protocol (https://kafka.apache.org/protocol#protocol_error_codes) */
export function readAnswer(code: number, topic: string): ProduceAnswer {
  const id = protocolErrorsCodesById[code];
  if (code === 0 || (id && STORED.has(id))) return { kind: 'stored' };
  if (id && SEQUENCE_LOST.has(id)) return { kind: 'sequence-lost' };
  const reason = id && REFUSED.get(id);
  if (reason) return { kind: 'refused', reason };
  if (id && FORBIDDEN.has(id)) {
    return { kind: 'rejected', error: new MessagingError('not-authorised', `the broker refused writing to ${topic}`) };
  }
  if (id && protocolErrors[id]?.canRetry) return { kind: 'again' };
  return {
    kind: 'rejected',
    error: new MessagingError('broker-error', `the broker answered ${id ?? code} for ${topic}`),
  };
}
