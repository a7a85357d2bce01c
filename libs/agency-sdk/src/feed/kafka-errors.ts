import { SluiceError, type SluiceErrorCode } from '../errors.js';

const BY_PROTOCOL_TYPE: Readonly<Record<string, SluiceErrorCode>> = {
  TOPIC_AUTHORIZATION_FAILED: 'feed-not-allowed',
  GROUP_AUTHORIZATION_FAILED: 'feed-not-allowed',
  UNKNOWN_TOPIC_OR_PARTITION: 'feed-missing',
};

const MESSAGES: Readonly<Partial<Record<SluiceErrorCode, string>>> = {
  'token-refused': 'the broker does not accept the token',
  'feed-not-allowed': 'the broker refuses the feed or the group to this agency',
  'feed-missing': 'the feed does not exist yet',
  'broker-unreachable': 'the broker cannot be reached',
};

/** kafkajs wraps errors in errors; the innermost one we know says what is the matter. */
export function fromKafka(error: unknown): SluiceError {
  let code: SluiceErrorCode = 'broker-unreachable';
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof SluiceError) return at;
    const type = BY_PROTOCOL_TYPE[(at as Error & { type?: string }).type ?? ''];
    if (type !== undefined) code = type;
    if (at.name === 'KafkaJSSASLAuthenticationError') code = 'token-refused';
  }
  return new SluiceError(code, MESSAGES[code] as string, { cause: error });
}
