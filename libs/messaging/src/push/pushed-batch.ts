import { HEADER } from '@sluice/contracts';
import type { EachBatchPayload, IHeaders, KafkaMessage } from 'kafkajs';
import type { ParkedInBatch, ParkedStore } from '../parked/parked-store.js';
import type { AttemptOutcome, Attempts } from './attempts.js';
import { Heartbeats } from './heartbeats.js';
import { type EventRecord, type IncomingEvent, readEvent } from './incoming-event.js';

export interface EventHandlers {
  /** How events of a type are handled, `undefined` for a type nobody here wants. */
  find(type: string): { stops: boolean; handle(event: IncomingEvent): Promise<void> } | undefined;
}

export interface PushedBatchOptions {
  handlers: EventHandlers;
  parked: ParkedStore;
  attempts: Attempts;
  /** Calls back once, later; not when the transport is closed before. */
  after(delayMs: number, then: () => void): void;
  onParked(record: EventRecord, reason: string): void;
  /** The partition is held at this event. */
  onWaiting(record: EventRecord, reason: string): void;
}

/**
 * Handles the batches kafkajs fetches. An event that has to wait pauses its partition and ends the batch there,
 * because kafkajs fetches nothing, of any partition, until all batches of a fetch have ended.
 */
export class PushedBatches {
  readonly #options: PushedBatchOptions;

  constructor(options: PushedBatchOptions) {
    this.#options = options;
  }

  async handle(payload: EachBatchPayload): Promise<void> {
    const beats = new Heartbeats(payload.heartbeat);
    try {
      const waitMs = await this.#messages(payload, beats);
      if (waitMs !== undefined) this.#options.after(waitMs, payload.pause());
    } finally {
      beats.end();
    }
  }

  /** Resolves how long the partition has to wait for its next event, if it has to. */
  async #messages(payload: EachBatchPayload, beats: Heartbeats): Promise<number | undefined> {
    const { batch, resolveOffset, isRunning, isStale } = payload;
    const records = batch.messages.map((message) => readRecord(batch.topic, batch.partition, message));
    const { attempts } = this.#options;
    // As an attempt like any other: while the database is away, the partition waits and tries again.
    let parked: ParkedInBatch | undefined;
    const found = await attempts.run(`${batch.topic}/${batch.partition}`, async () => {
      parked = await this.#lookUp(records);
    });
    if (!parked) return this.#wait(records[0]!, found);
    for (const record of records) {
      if (!isRunning() || isStale() || beats.failed) return undefined;
      const known = parked;
      const id = `${record.topic}/${record.partition}/${record.offset}`;
      let outcome = await attempts.run(id, () => this.#one(record, known));
      if (outcome.kind === 'park') {
        const { reason, tries } = outcome;
        outcome = await attempts.run(`${id} parking`, () => this.#park(record, reason, tries, known));
      }
      if (outcome.kind !== 'handled') return this.#wait(record, outcome);
      resolveOffset(String(record.offset));
    }
    return undefined;
  }

  #wait(record: EventRecord, outcome: AttemptOutcome): number {
    const { reason, delayMs } = { reason: '', delayMs: STORE_AGAIN_MS, ...outcome };
    this.#options.onWaiting(record, reason);
    return delayMs;
  }

  #lookUp(records: readonly EventRecord[]): Promise<ParkedInBatch> {
    const { topic, partition, offset: first } = records[0]!;
    const keys = [...new Set(records.map(({ key }) => key))];
    return this.#options.parked.inBatch({ topic, partition, first, last: records.at(-1)!.offset, keys });
  }

  async #one(record: EventRecord, parked: ParkedInBatch): Promise<void> {
    const handler = this.#options.handlers.find(record.headers[HEADER.type] ?? '');
    if (!handler || parked.offsets.has(record.offset)) return;
    if (parked.keys.has(record.key) && !handler.stops) return this.#park(record, 'behind', 0, parked);
    await handler.handle(readEvent(record));
  }

  async #park(record: EventRecord, reason: string, tries: number, parked: ParkedInBatch): Promise<void> {
    await this.#options.parked.park(record, record.headers[HEADER.type] ?? '', reason, tries);
    parked.keys.add(record.key);
    this.#options.onParked(record, reason);
  }
}

/** After the table of parked messages has failed for no reason that passes by itself. */
const STORE_AGAIN_MS = 1_000;

function readRecord(topic: string, partition: number, { offset, key, value, headers }: KafkaMessage): EventRecord {
  return {
    topic,
    partition,
    offset: BigInt(offset),
    key: key?.toString() ?? '',
    headers: readHeaders(headers),
    value: value ?? Buffer.alloc(0),
  };
}

function readHeaders(headers: IHeaders | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) texts[name] = last.toString();
  }
  return texts;
}
