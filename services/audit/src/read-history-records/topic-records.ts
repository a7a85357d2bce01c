import { Inject, Injectable } from '@nestjs/common';
import { PartitionPuller, type PulledRecord } from '@sluice/messaging';
import { SERVICE_CONFIG, type ServiceConfig, SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';

const TRIES = 10;
const PULL_WAIT_MS = 200;
const MAX_BYTES = 512 * 1024;
const MAX_RECORDS = 500;

/** Reads records of topics again. */
@Injectable()
export class TopicRecords {
  readonly #puller: PartitionPuller;
  /** A puller takes one question at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(@Inject(SERVICE_CONFIG) { kafka }: ServiceConfig, shutdown: Shutdown) {
    this.#puller = new PartitionPuller({ ...kafka, clientId: `${kafka.clientId}-history-records` });
    shutdown.onShutdown('history records', () => this.#puller.close(), SHUTDOWN_ORDER.workers);
  }

  /** Some records, from an offset on and before another; undefined where Kafka does not give them. */
  page(topic: string, partition: number, from: bigint, to: bigint): Promise<PulledRecord[] | undefined> {
    const page = this.#turn.then(() => this.#read(topic, partition, from, to));
    this.#turn = page.catch(() => {}); // who asked learns of it
    return page;
  }

  async #read(topic: string, partition: number, from: bigint, to: bigint): Promise<PulledRecord[] | undefined> {
    for (let tries = 0; tries < TRIES; tries++) {
      const want = { topic, partition, offset: from, maxBytes: MAX_BYTES };
      const [answer] = await this.#puller.pull([want], { maxWaitMs: PULL_WAIT_MS });
      if (answer === undefined || (answer.error !== undefined && answer.error !== 'retry')) return undefined;
      const records = answer.records.filter(({ offset }) => offset < to).slice(0, MAX_RECORDS);
      if (records.length > 0) return records;
    }
    return undefined;
  }
}
