import { describe, expect, it } from 'vitest';
import { SluiceError } from '../errors.js';
import { fromKafka } from './kafka-errors.js';

const wrapped = (cause: Error): Error => new Error('Number of retries exceeded', { cause });

describe('errors of the Kafka client', () => {
  it.each([
    [Object.assign(new Error('no'), { type: 'TOPIC_AUTHORIZATION_FAILED' }), 'feed-not-allowed'],
    [Object.assign(new Error('no'), { type: 'GROUP_AUTHORIZATION_FAILED' }), 'feed-not-allowed'],
    [Object.assign(new Error('no'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' }), 'feed-missing'],
    [Object.assign(new Error('no'), { name: 'KafkaJSSASLAuthenticationError' }), 'token-refused'],
    [new Error('Connection error: ECONNREFUSED'), 'broker-unreachable'],
    [new SluiceError('token-unavailable', 'the token function failed'), 'token-unavailable'],
  ])('%o is %s, also when wrapped', (error, code) => {
    expect(fromKafka(error)).toMatchObject({ code, retryable: true });
    expect(fromKafka(wrapped(wrapped(error)))).toMatchObject({ code });
  });
});
