import { Inject, Injectable } from '@nestjs/common';
import { PartitionPuller } from '@sluice/messaging';
import { SERVICE_CONFIG, type ServiceConfig, SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';

const TRIES = 10;
const PULL_WAIT_MS = 100;

/** Reads single records of the ledger again. */
@Injectable()
export class LedgerRecords {
  readonly #topic: string;
  readonly #puller: PartitionPuller;
  /** A puller takes one question at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(SERVICE_CONFIG) { kafka }: ServiceConfig,
    @Inject(AUDIT_SCOPE) { topics }: AuditScope,
    shutdown: Shutdown,
  ) {
    this.#topic = topics.ledger;
    this.#puller = new PartitionPuller({ ...kafka, clientId: `${kafka.clientId}-receipts` });
    shutdown.onShutdown('receipts', () => this.#puller.close(), SHUTDOWN_ORDER.workers);
  }

  /** The value of a record that was there before. @throws where Kafka does not give it */
  at(partition: number, offset: bigint): Promise<Buffer> {
    const value = this.#turn.then(() => this.#read(partition, offset));
    this.#turn = value.catch(() => {}); // who asked learns of it
    return value;
  }

  async #read(partition: number, offset: bigint): Promise<Buffer> {
    for (let tries = 0; tries < TRIES; tries++) {
      const want = { topic: this.#topic, partition, offset, maxBytes: 1 };
      const [answer] = await this.#puller.pull([want], { maxWaitMs: PULL_WAIT_MS });
      const record = answer?.records[0];
      if (record?.offset === offset) return Buffer.from(record.value);
      if (answer?.error !== undefined && answer.error !== 'retry') break;
    }
    throw new Error(`${this.#topic}/${partition}@${offset} could not be read`);
  }
}
