import { setTimeout as sleep } from 'node:timers/promises';
import type { LogPlace } from './log-reads.js';
import type { Publication } from './record-encoder.js';
import { isPublishRefusal, type OutgoingRecord, type RecordProducer, unsentOf } from './record-producer.js';
import type { Halt } from './relay-session.js';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;

export interface Published {
  /** How many records Kafka stored. */
  count: number;
  /** The streams that have to stand from now on, and where. */
  halts: Halt[];
}

/** Sends events until each is stored by Kafka or its stream is halted. */
export class Publisher {
  readonly #producer: RecordProducer;
  readonly #failed: (error: unknown) => void;

  constructor(producer: RecordProducer, failed: (error: unknown) => void) {
    this.#producer = producer;
    this.#failed = failed;
  }

  /**
   * Publishes in order, without the streams in `halted`, to which it adds those that are refused on the way.
   * Resolves to undefined when `leads` turned false before all was stored.
   */
  async publish(
    publications: readonly Publication[],
    halted: Set<string>,
    leads: () => boolean,
  ): Promise<Published | undefined> {
    const halts = new Map<string, Halt>();
    const records: OutgoingRecord[] = [];
    for (const publication of publications) {
      const { record, key } = publication;
      const held = halted.size > 0 && halted.has(key.toString('latin1'));
      if (held) continue;
      if (typeof record === 'string') halt(publication, record);
      else records.push(record);
    }

    let count = 0;
    let waiting: readonly OutgoingRecord[] = records;
    for (let retryMs = FIRST_RETRY_MS; waiting.length > 0; ) {
      if (!leads()) return undefined;
      const sent = waiting;
      try {
        await this.#producer.send([...sent]);
        waiting = [];
      } catch (error) {
        waiting = unsentOf(error, sent);
        if (isPublishRefusal(error)) {
          const sources = new Map(publications.map((publication) => [publication.record, publication]));
          for (const { record, reason } of error.refused) halt(sources.get(record)!, reason);
          count -= error.refused.length;
        } else {
          this.#failed(error);
          await sleep(retryMs);
          retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
        }
      }
      count += sent.length - waiting.length;
      if (halts.size > 0 && waiting.length > 0) {
        const left = new Set(waiting);
        const going = publications.filter((one) => left.has(one.record as OutgoingRecord) && !standsBehind(one));
        waiting = going.map(({ record }) => record as OutgoingRecord);
      }
    }
    return { count, halts: [...halts.values()] };

    function halt(publication: Publication, reason: string): void {
      const stream = publication.key.toString('latin1');
      const known = halts.get(stream);
      if (known !== undefined && !precedes(publication, known)) return;
      halted.add(stream);
      halts.set(stream, { stream, xid: publication.xid, position: publication.position, reason });
    }

    function standsBehind(publication: Publication): boolean {
      const known = halts.get(publication.key.toString('latin1'));
      return known !== undefined && !precedes(publication, known);
    }
  }
}

function precedes(a: LogPlace, b: LogPlace): boolean {
  return a.xid < b.xid || (a.xid === b.xid && a.position < b.position);
}
