import { decodeHeaders } from '@sluice/contracts';
import type { OutgoingRecord, RecordProducer } from '../record-producer.js';

/** A record as a consumer would see it. */
export interface Received {
  topic: string;
  partition: number;
  key: string;
  value: string;
  headers: Record<string, string>;
}

/** What a broker keeps, in order of arrival; several producers may share one, as several relays do. */
export class RecordedTopics {
  readonly records: Received[] = [];

  store(record: OutgoingRecord): void {
    const headers = decodeHeaders(record.headers as Buffer).map(([name, value]) => [String(name), String(value)]);
    const { topic, partition } = record;
    const fields = { key: String(record.key), value: String(record.value) };
    this.records.push({ topic, partition, ...fields, headers: Object.fromEntries(headers) });
  }

  /** The records of each partition in order, without repeats, as the consumers' rule says. */
  accepted(): Received[] {
    const last = new Map<string, [xid: bigint, position: bigint]>();
    const late = new Set<string>();
    return this.records.filter(({ topic, partition, headers }) => {
      if (headers.ce_late !== undefined) {
        const fresh = !late.has(headers.ce_id!);
        late.add(headers.ce_id!);
        return fresh;
      }
      const place = headers.ce_logposition!.split('.').map(BigInt) as [bigint, bigint];
      const lane = `${topic}/${partition}`;
      const before = last.get(lane);
      if (before && (place[0] < before[0] || (place[0] === before[0] && place[1] <= before[1]))) return false;
      last.set(lane, place);
      return true;
    });
  }
}

/** The relay's port without a broker: stores, or does whatever the test wants in between. */
export class RecordingProducer implements RecordProducer {
  closed = false;
  sends = 0;
  /** Runs before each `send` is stored; what it throws is what the broker answers, and then nothing is stored. */
  before: ((records: OutgoingRecord[], send: number) => Promise<void> | void) | undefined;
  /** Why the broker takes a record never, if it does. */
  refuses: ((record: OutgoingRecord) => string | undefined) | undefined;

  constructor(readonly topics = new RecordedTopics()) {}

  async send(records: OutgoingRecord[]): Promise<void> {
    this.sends += 1;
    await this.before?.(records, this.sends);
    const refused: { record: OutgoingRecord; reason: string }[] = [];
    const unsent: OutgoingRecord[] = [];
    const held = new Set<number>();
    for (const record of records) {
      const reason = held.has(record.partition) ? undefined : this.refuses?.(record);
      if (held.has(record.partition)) {
        unsent.push(record);
      } else if (reason !== undefined) {
        refused.push({ record, reason });
        held.add(record.partition);
      } else {
        this.topics.store(record);
      }
    }
    if (refused.length > 0) throw Object.assign(new Error('refused'), { name: 'PublishRefused', refused, unsent });
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
