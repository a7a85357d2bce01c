import type { Pool } from 'pg';
import type { EventRecord } from '../push/incoming-event.js';

/** What one batch of a partition has to know of the parked messages. */
export interface ParkedInBatch {
  /** Keys with messages that wait: what comes later of them waits too. */
  keys: Set<string>;
  /** Offsets of this batch that were parked before, when it was delivered an earlier time. */
  offsets: Set<bigint>;
}

export interface ParkedEvent {
  id: string;
  event: EventRecord;
}

interface Row {
  id: string;
  topic: string;
  partition: number;
  message_offset: string;
  key: string;
  headers: Record<string, string>;
  value: Buffer;
}

const OPEN = `state in ('waiting', 'retrying')`;

/** One consumer group's side of the table of parked messages. */
export class ParkedStore {
  readonly #pool: Pool;
  readonly #table: string;
  readonly #group: string;

  constructor(pool: Pool, schema: string, group: string) {
    this.#pool = pool;
    this.#table = `${schema}.parked`;
    this.#group = group;
  }

  async inBatch(batch: {
    topic: string;
    partition: number;
    first: bigint;
    last: bigint;
    keys: string[];
  }): Promise<ParkedInBatch> {
    const { rows } = await this.#pool.query<{ key: string | null; message_offset: string | null }>({
      name: 'parked-in-batch',
      text: `
select distinct key, null::bigint as message_offset from ${this.#table}
 where consumer_group = $1 and ${OPEN} and key = any($2)
union all
select null, message_offset from ${this.#table}
 where consumer_group = $1 and topic = $3 and partition = $4 and message_offset between $5 and $6`,
      values: [this.#group, batch.keys, batch.topic, batch.partition, String(batch.first), String(batch.last)],
    });
    const parked: ParkedInBatch = { keys: new Set(), offsets: new Set() };
    for (const { key, message_offset } of rows) {
      if (key !== null) parked.keys.add(key);
      if (message_offset !== null) parked.offsets.add(BigInt(message_offset));
    }
    return parked;
  }

  async park(event: EventRecord, type: string, reason: string, tries: number): Promise<void> {
    await this.#pool.query({
      name: 'park',
      text: `
insert into ${this.#table} (consumer_group, topic, partition, message_offset, key, type, reason, tries, headers, value)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict on constraint parked_once do nothing`,
      values: [
        this.#group,
        event.topic,
        event.partition,
        String(event.offset),
        event.key,
        type,
        reason,
        tries,
        JSON.stringify(event.headers),
        event.value,
      ],
    });
  }

  /** The first open message of each key, where an operator wants it retried or what it waited behind is settled. */
  async due(limit: number): Promise<ParkedEvent[]> {
    const { rows } = await this.#pool.query<Row>({
      name: 'parked-due',
      text: `
select id, topic, partition, message_offset, key, headers, value from ${this.#table} due
 where consumer_group = $1 and ${OPEN} and (state = 'retrying' or reason = 'behind')
   and not exists (select from ${this.#table} earlier
                    where earlier.consumer_group = $1 and earlier.key = due.key and earlier.${OPEN}
                      and earlier.id < due.id)
 order by id limit $2`,
      values: [this.#group, limit],
    });
    return rows.map(({ id, topic, partition, message_offset, key, headers, value }) => ({
      id,
      event: { topic, partition, offset: BigInt(message_offset), key, headers, value },
    }));
  }

  async handled(id: string): Promise<void> {
    await this.#pool.query(
      `update ${this.#table} set state = 'handled', settled_at = now() where id = $1 and ${OPEN}`,
      [id],
    );
  }

  /** It failed again: until an operator decides anew. */
  async waitAgain(id: string, reason: string, tries: number): Promise<void> {
    await this.#pool.query(
      `update ${this.#table} set state = 'waiting', reason = $2, tries = tries + $3 where id = $1 and ${OPEN}`,
      [id, reason, tries],
    );
  }
}
