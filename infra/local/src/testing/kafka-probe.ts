import { Consumer, Producer, type SASLOptions, stringDeserializers, stringSerializers } from '@platformatic/kafka';
import { uniquePrefix } from './test-database.js';

/** Writes one record as this user. Throws what the broker says, at once. */
export async function produceOne(brokers: string[], sasl: SASLOptions, topic: string, value: string): Promise<void> {
  const producer = new Producer({
    clientId: 'probe',
    bootstrapBrokers: brokers,
    sasl,
    retries: 50, // only of what may pass by itself: a refusal is thrown at once
    retryDelay: 100,
    serializers: stringSerializers,
    idempotent: true,
  });
  try {
    await producer.send({ messages: [{ topic, partition: 0, value }] });
  } finally {
    await producer.close(true);
  }
}

/** Reads the first record of partition 0 as this user. Throws what the broker says, at once. */
export async function consumeOne(
  brokers: string[],
  sasl: SASLOptions,
  topic: string,
  groupId = `${uniquePrefix()}probe`,
): Promise<string> {
  const consumer = new Consumer({
    clientId: 'probe',
    groupId,
    bootstrapBrokers: brokers,
    sasl,
    retries: 50, // only of what may pass by itself: a refusal is thrown at once
    retryDelay: 100,
    deserializers: stringDeserializers,
  });
  try {
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false, maxWaitTime: 100 });
    for await (const message of stream) return message.value;
    throw new Error(`the stream of ${topic} ended`);
  } finally {
    await consumer.close(true);
  }
}
