import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { HISTORY_TOPICS, NIL_UUID, type ReplyOf, type readHistoryRecords, uuid, uuidBytes } from '@sluice/contracts';
import type { PulledRecord } from '@sluice/messaging';
import { Pool } from 'pg';
import { HISTORY_SECRET_KEY } from '../completeness/completeness.module.js';
import { labelOf } from '../completeness/labels.js';
import { RowCommitments } from '../completeness/row-commitments.js';
import { rowRef } from '../domain/history-row.js';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { type PersonInRecord, personsIn } from './persons-in-record.js';
import { TopicRecords } from './topic-records.js';

type Reply = ReplyOf<typeof readHistoryRecords>;
type Topic = keyof typeof HISTORY_TOPICS;

/** A row that a record would have made. */
interface Place extends PersonInRecord {
  record: number;
  ref: Buffer;
}

/** By the primary key. */
const ROWS = `select wanted.place, history.entry from unnest($1::integer[], $2::uuid[], $3::timestamptz[], $4::bigint[])
  as wanted (place, subject, at, ref) join audit.history using (subject, at, ref)`;

/** Shows auditors records, and the commitments to the rows that histories have of them. */
@Injectable()
export class HistoryRecords {
  constructor(
    private readonly pool: Pool,
    private readonly records: TopicRecords,
    private readonly commitments: RowCommitments,
    @Inject(HISTORY_SECRET_KEY) private readonly secret: KeyObject,
    @Inject(AUDIT_SCOPE) private readonly scope: AuditScope,
  ) {}

  /** Undefined where Kafka does not give the records. */
  async page(topic: Topic, partition: number, from: number, to: number): Promise<Reply | undefined> {
    const records = await this.records.page(this.scope.topics[topic], partition, BigInt(from), BigInt(to));
    if (records === undefined) return undefined;
    const places = records.flatMap((record, i) => placesIn(record, i, topic, partition));
    const rows = records.map((): Reply['records'][number]['rows'] => []);
    for (const [place, entry] of await this.#entriesAt(places)) {
      const { record, index, ref, at } = place;
      const fields = { refs: ref, refAt: 0, time: at, entries: entry, entryAt: 0, length: entry.length };
      const commitment = Buffer.from(this.commitments.commit(fields), 'latin1').toString('base64');
      rows[record]!.push({ index, commitment });
    }
    const subjects = [...new Set(places.map(({ subject }) => subject))];
    return {
      records: records.map((record, i) => ({ ...shown(record), rows: rows[i]!.sort((a, b) => a.index - b.index) })),
      labelKeys: subjects.map((subject) => ({
        subject,
        key: labelOf(this.secret, uuidBytes(subject)).key.toString('base64'),
      })),
    };
  }

  async #entriesAt(places: readonly Place[]): Promise<[Place, Buffer][]> {
    const { rows } = await this.pool.query<{ place: number; entry: Buffer }>({
      name: 'rows-of-records',
      text: ROWS,
      values: [
        places.map((_, i) => i),
        places.map(({ subject }) => subject),
        places.map(({ at }) => new Date(at)),
        places.map(({ ref }) => ref.readBigInt64BE(0)),
      ],
    });
    return rows.map(({ place, entry }) => [places[place]!, entry]);
  }
}

function placesIn(record: PulledRecord, at: number, topic: Topic, partition: number): Place[] {
  return personsIn(record, topic === 'ledger')
    .filter(({ subject }) => subject !== NIL_UUID && uuid.safeParse(subject).success)
    .map((person) => {
      const [high, low] = rowRef(HISTORY_TOPICS[topic], partition, Number(record.offset), person.index);
      const ref = Buffer.alloc(8);
      ref.writeUInt32BE(high, 0);
      ref.writeUInt32BE(low, 4);
      return { ...person, record: at, ref };
    });
}

function shown({ offset, body }: PulledRecord): Omit<Reply['records'][number], 'rows'> {
  return { offset: Number(offset), body: body.toString('base64') };
}
