import { findErrorBy } from '@platformatic/kafka';
import { withAdmin } from './admin.js';
import type { KafkaConnection } from './connection.js';
import { MessagingError } from './errors.js';

export interface TopicPlan {
  topic: string;
  partitions: number;
  /** Topic configuration, e.g. `{ 'retention.ms': '-1' }`; used when the topic is created. */
  config?: Record<string, string>;
}

/** Creates the topics that do not exist; refuses with `topic-differs` one that exists with another number of partitions. */
export async function ensureTopics(connection: KafkaConnection, plans: TopicPlan[]): Promise<void> {
  await withAdmin(connection, async (admin) => {
    const existing = new Set(await admin.listTopics());
    for (const { topic, partitions, config = {} } of plans) {
      if (existing.has(topic)) continue;
      const configs = Object.entries(config).map(([name, value]) => ({ name, value }));
      try {
        await admin.createTopics({ topics: [{ topic, partitions }], configs });
      } catch (error) {
        // Another instance was a moment faster.
        if (!(error instanceof Error && findErrorBy(error, 'apiId', 'TOPIC_ALREADY_EXISTS'))) throw error;
      }
    }
    const { topics } = await admin.metadata({ topics: plans.map((plan) => plan.topic), forceUpdate: true });
    for (const { topic, partitions } of plans) {
      const count = topics.get(topic)?.partitionsCount;
      if (count !== partitions) {
        throw new MessagingError(
          'topic-differs',
          `topic ${topic} has ${count} partitions and should have ${partitions}`,
        );
      }
    }
  });
}

/** The next offset of every partition, by partition number. */
export async function endOffsets(connection: KafkaConnection, topic: string): Promise<bigint[]> {
  return withAdmin(connection, async (admin) => {
    const { topics } = await admin.metadata({ topics: [topic] });
    const count = topics.get(topic)?.partitionsCount ?? 0;
    const partitions = Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp: LATEST }));
    const [answer] = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
    const offsets = new Array<bigint>(count).fill(0n);
    for (const { partitionIndex, offset } of answer?.partitions ?? []) offsets[partitionIndex] = offset;
    return offsets;
  });
}

const LATEST = -1n;
