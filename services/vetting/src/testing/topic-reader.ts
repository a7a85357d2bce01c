import { HEADER, type TopicContract } from '@sluice/contracts';
import { endOffsets, type KafkaConnection, PartitionPuller } from '@sluice/messaging';

export interface SeenEvent {
  type: string;
  key: string;
  actor: string;
  data: Record<string, unknown>;
}

/** Reads a topic from where it ended when the reading began. */
export class TopicReader {
  readonly #seen: SeenEvent[] = [];

  private constructor(
    private readonly puller: PartitionPuller,
    private readonly topic: string,
    private readonly offsets: bigint[],
  ) {}

  static async start(connection: KafkaConnection, { name }: TopicContract): Promise<TopicReader> {
    return new TopicReader(new PartitionPuller(connection), name, await endOffsets(connection, name));
  }

  /** The events that match, as soon as there are `count` of them. */
  async until(matches: (event: SeenEvent) => boolean, count = 1): Promise<SeenEvent[]> {
    const deadline = Date.now() + 45_000;
    for (;;) {
      const found = this.#seen.filter(matches);
      if (found.length >= count) return found;
      if (Date.now() > deadline) throw new Error(`${found.length} of ${count} events among ${this.#seen.length}`);
      await this.#pull();
    }
  }

  close(): Promise<void> {
    return this.puller.close();
  }

  async #pull(): Promise<void> {
    const { topic } = this;
    const wants = this.offsets.map((offset, partition) => ({ topic, partition, offset, maxBytes: 1024 * 1024 }));
    for (const { partition, records, nextOffset } of await this.puller.pull(wants, { maxWaitMs: 100 })) {
      this.offsets[partition] = nextOffset;
      for (const { key, value, headers } of records) {
        const text = (name: string) => headers.find(([given]) => given.toString() === name)?.[1].toString() ?? '';
        const data = JSON.parse(value.toString());
        this.#seen.push({ type: text(HEADER.type), key: key!.toString(), actor: text(HEADER.actor), data });
      }
    }
  }
}
