import { randomUUID } from 'node:crypto';
import { HEADER, JSON_CONTENT, partitionOf, type TopicContract } from '@sluice/contracts';
import {
  createRecordProducer,
  endOffsets,
  type KafkaConnection,
  PartitionPuller,
  type RecordProducer,
} from '@sluice/messaging';

/** A record of an owned topic, as somebody who reads it sees it. */
export interface SeenEvent {
  readonly id: string;
  readonly type: string;
  readonly key: string;
  readonly partition: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Record<string, unknown>;
}

/** Follows a topic from where it ended when the watch began, and tells whoever wants to know. */
export class TopicWatch {
  readonly seen: SeenEvent[] = [];
  readonly #listeners = new Set<(event: SeenEvent) => void>();
  readonly #following: Promise<void>;
  #closed = false;

  private constructor(
    private readonly puller: PartitionPuller,
    private readonly topic: string,
    private readonly offsets: bigint[],
  ) {
    this.#following = this.#follow();
  }

  static async start(connection: KafkaConnection, { name }: TopicContract): Promise<TopicWatch> {
    return new TopicWatch(new PartitionPuller(connection), name, await endOffsets(connection, name));
  }

  onEvent(listener: (event: SeenEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** The events that match, once there are `count` of them. */
  async until(matches: (event: SeenEvent) => boolean, count = 1, timeoutMs = 45_000): Promise<SeenEvent[]> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = this.seen.filter(matches);
      if (found.length >= count) return found;
      if (Date.now() > deadline) throw new Error(`${found.length} of ${count} events among ${this.seen.length}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#following;
    await this.puller.close();
  }

  async #follow(): Promise<void> {
    while (!this.#closed) {
      const wants = this.offsets.map((offset, partition) => ({
        topic: this.topic,
        partition,
        offset,
        maxBytes: 1024 * 1024,
      }));
      for (const { partition, records, nextOffset } of await this.puller.pull(wants, { maxWaitMs: 100 })) {
        this.offsets[partition] = nextOffset;
        for (const record of records) this.#take(partition, record);
      }
    }
  }

  #take(
    partition: number,
    record: { key: Buffer | null; value: Buffer; headers: readonly (readonly [Buffer, Buffer])[] },
  ): void {
    const headers = Object.fromEntries(record.headers.map(([name, value]) => [name.toString(), value.toString()]));
    const event: SeenEvent = {
      id: headers[HEADER.id]!,
      type: headers[HEADER.type]!,
      key: record.key!.toString(),
      partition,
      headers,
      data: JSON.parse(record.value.toString()),
    };
    this.seen.push(event);
    for (const listener of this.#listeners) listener(event);
  }
}

/** Publishes events as another service would. */
export class OtherService {
  readonly #producer: RecordProducer;

  constructor(connection: KafkaConnection) {
    this.#producer = createRecordProducer(connection);
  }

  async publish(
    topic: TopicContract,
    type: string,
    stream: string,
    data: object,
    id: string = randomUUID(),
  ): Promise<void> {
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
          [HEADER.id]: id,
          [HEADER.source]: `/${topic.writers[0]}`,
          [HEADER.type]: type,
          [HEADER.time]: new Date().toISOString(),
          [HEADER.partitionKey]: stream,
          [HEADER.sequence]: '1',
          [HEADER.actor]: `service:${topic.writers[0]}`,
          [HEADER.correlationId]: randomUUID(),
        },
      },
    ]);
  }

  close(): Promise<void> {
    return this.#producer.close();
  }
}
