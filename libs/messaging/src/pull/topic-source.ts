import { HEADER } from '@sluice/contracts';
import type { KafkaConnection } from '../connection.js';
import { endOffsets } from '../topics.js';
import { headerOf, PartitionPuller, type PulledRecord } from './partition-puller.js';

const TYPE = Buffer.from(HEADER.type);
const MAX_PULL_BYTES = 1024 * 1024;

/** Whatever can run a statement; a client of pg. */
interface Session {
  query(text: string): Promise<unknown>;
}

export interface TopicSourceOptions<E> {
  connection: KafkaConnection;
  topic: string;
  partition: number;
  /** Undefined for what the live path passes over too. */
  decode: (record: PulledRecord) => E | undefined;
  /** The statement that keeps those who write the rows live from writing until the transaction ends. */
  hold: string;
  /** Makes the error for records that the broker does not have any more. */
  missing: (message: string) => Error;
}

/**
 * One partition of a topic, from its first record, as the source of a read model that is rebuilt. A live writer that is
 * held has not read more than there is, so what is read to the end now is all that it can be about to write.
 */
export class TopicSource<E> {
  /** Consumers commit their offsets elsewhere than where they write. */
  readonly liveIsBehind = true;
  readonly #puller: PartitionPuller;
  /** Where this reading ends: while others write, what is read has to have an end. */
  #target: bigint | undefined;

  constructor(private readonly options: TopicSourceOptions<E>) {
    this.#puller = new PartitionPuller(options.connection);
  }

  /** About how many records a topic holds. */
  static async extent(connection: KafkaConnection, topic: string): Promise<number> {
    return (await endOffsets(connection, topic)).reduce((sum, end) => sum + Number(end), 0);
  }

  /** The CloudEvents type of a record; empty where it has none. */
  static typeOf(record: PulledRecord): string {
    return headerOf(record, TYPE)?.toString() ?? '';
  }

  /** `after` and `place` are the next offset, as text; a place outlives the process. */
  async read(after: unknown, limit: number) {
    const { topic, partition, decode, missing } = this.options;
    const offset = after === null ? 0n : BigInt(after as string);
    const [pulled] = await this.#puller.pull([{ topic, partition, offset, maxBytes: MAX_PULL_BYTES }], {
      maxWaitMs: 0,
    });
    const { records, nextOffset, highWatermark, error } = pulled!;
    if (error === 'out-of-range') throw missing(`${topic}/${partition} has no offset ${offset} any more`);
    const taken = records.slice(0, limit);
    const next = taken.length < records.length ? taken.at(-1)!.offset + 1n : nextOffset;
    const events = taken.map(decode).filter((event) => event !== undefined);
    if (error === undefined) this.#target ??= highWatermark;
    const caughtUp = this.#target !== undefined && next >= this.#target;
    if (caughtUp) this.#target = undefined;
    return { events, seen: taken.length, place: next.toString(), caughtUp };
  }

  async hold(client: Session, _rows: unknown, place: unknown): Promise<E[]> {
    await client.query(this.options.hold);
    this.#target = undefined;
    const events: E[] = [];
    for (let after = place; ; ) {
      const { events: more, place: next, caughtUp } = await this.read(after, Number.MAX_SAFE_INTEGER);
      events.push(...more);
      if (caughtUp) return events;
      after = next;
    }
  }

  close(): Promise<void> {
    return this.#puller.close();
  }
}
