import { randomUUID } from 'node:crypto';
import { AGENCY_FENCE_APPLIED, agencyStream, HEADER, JSON_CONTENT, partitionOf, TOPICS } from '@sluice/contracts';
import { createRecordProducer, type KafkaConnection, type RecordProducer } from '@sluice/messaging';

/** Plays delivery: says on delivery.fences that lanes of an agency were fenced. */
export class PlayedDelivery {
  readonly #producer: RecordProducer;

  constructor(connection: KafkaConnection) {
    this.#producer = createRecordProducer(connection);
  }

  /** Lane l is fenced at sequence 100 + l. */
  async fence(agency: string, agencyVersion: number, lanes: readonly number[]): Promise<void> {
    for (const lane of lanes) await this.say(agency, { agency, agencyVersion, lane, sequence: 100 + lane });
  }

  async say(agency: string, data: object): Promise<void> {
    const key = Buffer.from(agencyStream(agency));
    const { name: topic, partitions } = TOPICS.fences;
    const headers = {
      [HEADER.contentType]: JSON_CONTENT,
      [HEADER.specVersion]: '1.0',
      [HEADER.id]: randomUUID(),
      [HEADER.source]: '/delivery',
      [HEADER.type]: AGENCY_FENCE_APPLIED,
      [HEADER.time]: new Date().toISOString(),
      [HEADER.partitionKey]: key.toString(),
      [HEADER.sequence]: '1',
      [HEADER.actor]: 'service:delivery',
      [HEADER.correlationId]: randomUUID(),
    };
    const value = Buffer.from(JSON.stringify(data));
    await this.#producer.send([{ topic, partition: partitionOf(key, partitions), key, value, headers }]);
  }

  close(): Promise<void> {
    return this.#producer.close();
  }
}
