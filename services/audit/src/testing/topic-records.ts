import { endOffsets, type KafkaConnection, PartitionPuller } from '@sluice/messaging';
import { RecordDigest } from '../intake/record-digest.js';
import type { IntakeTopics } from '../intake/topics.js';
import { recordLeaf } from '../log/record-leaf.js';

/** The leaf that each record of every topic must have, from the topics themselves, sorted. */
export async function leavesOfTopics(connection: KafkaConnection, topics: IntakeTopics): Promise<string[]> {
  const puller = new PartitionPuller(connection);
  const digests = new RecordDigest();
  const leaves: string[] = [];
  for (const topic of Object.values(topics)) {
    for (const [partition, end] of (await endOffsets(connection, topic)).entries()) {
      for (let offset = 0n; offset < end; ) {
        const [answer] = await puller.pull([{ topic, partition, offset, maxBytes: 1 << 20 }], { maxWaitMs: 100 });
        for (const record of answer!.records) {
          leaves.push(recordLeaf(topic, partition, record.offset, digests.textOf(record)));
        }
        offset = answer!.nextOffset;
      }
    }
  }
  await puller.close();
  return leaves.sort();
}

/** The leaves that stand for records, sorted. */
export const recordsOf = (leaves: readonly string[]): string[] =>
  leaves.filter((leaf) => leaf.startsWith('record ')).sort();
