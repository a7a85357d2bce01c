import { uniquePrefix } from '@sluice/local-stack';
import { inject } from 'vitest';
import { createRecordProducer } from '../produce/queued-producer.js';
import { pulledPartitionsContract } from '../testing/pulled-partitions.contract.js';
import { ensureTopics } from '../topics.js';
import { PartitionPuller } from './partition-puller.js';

const connection = { ...inject('kafka'), clientId: 'test' };
const prefix = uniquePrefix();

pulledPartitionsContract('QueuedProducer and PartitionPuller', async () => {
  const producer = createRecordProducer(connection);
  const puller = new PartitionPuller(connection);
  let topics = 0;
  return {
    producer,
    puller,
    makeTopic: async (partitions) => {
      const topic = `${prefix}pulled-${topics++}`;
      await ensureTopics(connection, [{ topic, partitions, config: { 'max.message.bytes': String(1024 * 1024) } }]);
      return topic;
    },
    tearDown: async () => {
      await producer.close();
      await puller.close();
    },
  };
});
