import { randomUUID } from 'node:crypto';
import { HEADER, JSON_CONTENT, partitionOf, type TopicContract } from '@sluice/contracts';
import { createRecordProducer, endOffsets, headerOf, type KafkaConnection, PartitionPuller } from '@sluice/messaging';

/** A record of an owned topic, as somebody who reads it sees it. */
export interface SeenEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly version: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

const PULL_BYTES = 4 * 1024 * 1024;

/** Reads a topic from where it ended when the watch began. */
export class TopicWatch {
  readonly #puller: PartitionPuller;
  readonly #topic: string;
  readonly #offsets: bigint[];
  readonly #seen: SeenEvent[] = [];

  private constructor(connection: KafkaConnection, topic: string, offsets: bigint[]) {
    this.#puller = new PartitionPuller(connection);
    this.#topic = topic;
    this.#offsets = offsets;
  }

  static async start(connection: KafkaConnection, { name }: TopicContract): Promise<TopicWatch> {
    return new TopicWatch(connection, name, await endOffsets(connection, name));
  }

  /** Every event since the watch began, once `enough` of them are there. */
  async until(enough: (seen: readonly SeenEvent[]) => boolean, timeoutMs = 45_000): Promise<readonly SeenEvent[]> {
    const deadline = Date.now() + timeoutMs;
    while (!enough(this.#seen)) {
      if (Date.now() > deadline) throw new Error(`not what was waited for among ${this.#seen.length} events`);
      await this.#pull();
    }
    return this.#seen;
  }

  close(): Promise<void> {
    return this.#puller.close();
  }

  async #pull(): Promise<void> {
    const wants = this.#offsets.map((offset, partition) => ({
      topic: this.#topic,
      partition,
      offset,
      maxBytes: PULL_BYTES,
    }));
    for (const { partition, records, nextOffset } of await this.#puller.pull(wants, { maxWaitMs: 100 })) {
      for (const record of records) {
        const headers = Object.fromEntries(record.headers.map(([name, value]) => [name.toString(), value.toString()]));
        this.#seen.push({
          id: headers[HEADER.id]!,
          type: headerOf(record, Buffer.from(HEADER.type))!.toString(),
          stream: record.key!.toString(),
          version: Number(headers[HEADER.sequence]),
          headers,
          payload: Buffer.from(record.value),
        });
      }
      this.#offsets[partition] = nextOffset;
    }
  }
}

/** Publishes events as another service would. */
export class OtherService {
  readonly #producer;

  constructor(connection: KafkaConnection) {
    this.#producer = createRecordProducer(connection);
  }

  async publish(topic: TopicContract, type: string, stream: string, data: object, version = 1): Promise<void> {
    const key = Buffer.from(stream);
    await this.#producer.send([
      {
        topic: topic.name,
        partition: partitionOf(key, topic.partitions),
        key,
        value: Buffer.from(JSON.stringify(data)),
        headers: {
          [HEADER.contentType]: JSON_CONTENT,
          [HEADER.specVersion]: '1.0',
          [HEADER.id]: randomUUID(),
          [HEADER.source]: `/${topic.writers[0]}`,
          [HEADER.type]: type,
          [HEADER.time]: new Date().toISOString(),
          [HEADER.partitionKey]: stream,
          [HEADER.sequence]: String(version),
          [HEADER.logPosition]: `0.${version}`,
          [HEADER.actor]: 'service:test',
          [HEADER.correlationId]: randomUUID(),
        },
      },
    ]);
  }

  close(): Promise<void> {
    return this.#producer.close();
  }
}
