/** Where a record is in Kafka. */
export interface RecordPlace {
  topic: string;
  partition: number;
  offset: bigint;
}

const LEAF = /^record ([A-Za-z0-9._-]+)\/(\d+)@(\d+) /;

/**
 * `record <topic>/<partition>@<offset> <base64 SHA-256 of the record, as RecordDigest defines it>`
 * @param digest base64
 */
export function recordLeaf(topic: string, partition: number, offset: bigint, digest: string): string {
  return `record ${topic}/${partition}@${offset} ${digest}`;
}

/** Undefined where the leaf is of another kind. */
export function readRecordLeaf(leaf: string): RecordPlace | undefined {
  const [, topic, partition, offset] = LEAF.exec(leaf) ?? [];
  if (topic === undefined) return undefined;
  return { topic, partition: Number(partition), offset: BigInt(offset!) };
}
