import { TOPICS } from '@sluice/contracts';
import { type Accreditations, type Agencies, evolveAgency } from '@sluice/decision';
import { type KafkaConnection, PartitionPuller, type PulledRecord } from '@sluice/messaging';
import { ProblemException } from '@sluice/platform';
import { vettingSource } from '../partition/read-sources.js';
import { readHeaders } from '../partition/source-record.js';

const READ_BYTES = 1024 * 1024;
const MAX_WAIT_MS = 1_000;

interface Epoch {
  /** From the record after this one on. */
  after: bigint;
  agencies: Agencies;
}

/**
 * What vetting allowed at every offset of its topic, which is what the ledger names: the accreditations that a batch was
 * really decided under, not those that vetting had recorded by then. Agencies are few, and so are their events.
 */
export class AccreditationHistory {
  readonly #epochs: Epoch[] = [{ after: -1n, agencies: new Map() }];
  #next = 0n;
  #reading: Promise<void> = Promise.resolve();

  constructor(private readonly connection: KafkaConnection) {}

  /** The accreditations after all records before `offset`. @throws ProblemException `not-ready` when Kafka is away, or no longer has them */
  async before(offset: bigint): Promise<Accreditations> {
    if (this.#next < offset) {
      const reading = this.#reading.then(() => this.#readUpTo(offset));
      // Whoever comes next reads on, even if this reading failed.
      this.#reading = reading.catch(() => {});
      await reading;
    }
    return this.#epochs.findLast(({ after }) => after < offset)!.agencies;
  }

  async #readUpTo(offset: bigint): Promise<void> {
    if (this.#next >= offset) return;
    const puller = new PartitionPuller({ ...this.connection, clientId: `${this.connection.clientId}-what-if` });
    try {
      while (this.#next < offset) {
        const want = { topic: TOPICS.vetting.name, partition: 0, offset: this.#next, maxBytes: READ_BYTES };
        const [answer] = await puller.pull([want], { maxWaitMs: MAX_WAIT_MS });
        if (answer === undefined || answer.error !== undefined || answer.records.length === 0) {
          throw new ProblemException('not-ready');
        }
        for (const record of answer.records) this.#take(record);
      }
    } finally {
      await puller.close();
    }
  }

  #take(record: PulledRecord): void {
    this.#next = record.offset + 1n;
    const { event } = vettingSource(record, readHeaders(record));
    const before = this.#epochs.at(-1)!.agencies;
    const known = before.get(event.data.agency);
    const agency = evolveAgency(known, event.type, event.data);
    if (agency === undefined || agency === known) return;
    this.#epochs.push({ after: record.offset, agencies: new Map(before).set(agency.code, agency) });
  }
}
