import type { Expected, Filling, Key, RowJson, Step } from '@sluice/event-store';
import { SourceUnreadable } from '@sluice/event-store';
import { type KafkaConnection, PartitionPuller, type Pulled, type PullWant } from '@sluice/messaging';
import type { Pool, PoolClient } from 'pg';
import { NOTHING_YET } from '../domain/ledger-continuity.js';
import { HistoryColumns } from '../intake/history-columns.js';
import { IntakeBatch } from '../intake/intake-batch.js';
import { FIRST_LINK, RecordDigest } from '../intake/record-digest.js';
import type { IntakeTopics } from '../intake/topics.js';
import { type HistoryPlace, logsOf, type PartitionPlace, placeOf, rowTopics, toldAbout } from './history-place.js';

/** What one source event takes in the ledger with its decisions, about; of other topics fewer records come at once. */
const EVENT_BYTES = 300;
const LEAST_PULL_BYTES = 16 * 1024;

const WRITE = `insert into audit.rebuild_history (subject, at, ref, entry)
  select * from unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::bytea[])
  on conflict (subject, at, ref) do update set entry = excluded.entry`;

/** Rows by their keys, with every value as text that reads back as it was. */
const EXPECTED = `select subject::text, at::text, ref::text, '\\x' || encode(entry, 'hex') as entry
  from audit.rebuild_history
 where (subject, at, ref) in (select * from unnest($1::uuid[], $2::timestamptz[], $3::bigint[]))`;

/** The intake's digests and chains are its own; only its rows are made again. */
class NoDigest extends RecordDigest {
  override of(): Buffer {
    return FIRST_LINK;
  }
}

/**
 * Makes the histories again, by the very code of the intake, from the records that it has taken in. Rows are only ever
 * added, and each names the record it was made of: what stands below the place can no longer change, so nothing has to
 * be held up.
 */
export class HistoryFilling implements Filling {
  readonly liveIsBehind = false;
  readonly #puller: PartitionPuller;
  readonly #digests = new NoDigest();
  /** One is written while the other is filled. */
  readonly #columns = [new HistoryColumns(), new HistoryColumns()];
  #turn = 0;
  /** Where this reading ends: while the intake goes on, what is read has to have an end. */
  #target: Map<string, bigint> | undefined;

  constructor(
    private readonly pool: Pool,
    connection: KafkaConnection,
    private readonly topics: IntakeTopics,
  ) {
    this.#puller = new PartitionPuller({ ...connection, clientId: `${connection.clientId}-rebuild` });
  }

  async next(after: unknown, limit: number): Promise<Step> {
    const place = placeOf(after);
    this.#target ??= await this.#live();
    const live = this.#target;
    for (const [partition, from] of place.entries()) {
      const want = this.#want(partition, from, live, Math.max(LEAST_PULL_BYTES, limit * EVENT_BYTES));
      if (want !== undefined) return await this.#step(place, want, live);
    }
    this.#target = undefined;
    return { events: 0, place, caughtUp: true, write: async () => {} };
  }

  async expect(client: PoolClient, keys: readonly Key[]): Promise<Expected> {
    const column = (nth: number) => keys.map((key) => key[nth]);
    const { rows } = await client.query<RowJson>(EXPECTED, [column(0), column(1), column(2)]);
    return { rows, unknowable: [] };
  }

  within(place: unknown): string {
    return toldAbout(placeOf(place), this.topics);
  }

  close(): Promise<void> {
    return this.#puller.close();
  }

  async #step(place: HistoryPlace, want: PullWant, live: ReadonlyMap<string, bigint>): Promise<Step> {
    const { topic, partition, offset } = want;
    const from = place[partition]!;
    this.#turn = 1 - this.#turn;
    const history = this.#columns[this.#turn]!;
    const logs = logsOf(from);
    const positions = new Map([[topic, { offset, link: FIRST_LINK }]]);
    // Lanes and digests are followed for alarms alone, which the intake has raised.
    const standing = { positions, logs, ledger: { ...NOTHING_YET, sequence: from.ledger }, lanes: new Map() };
    const ledgerDigest = (sequence: number) => this.#ledgerDigest(partition, sequence, from);
    const batch = new IntakeBatch(partition, this.topics, standing, { history, digests: this.#digests, ledgerDigest });
    const [pulled] = await this.#puller.pull([want], { maxWaitMs: 500 });
    if (pulled!.error === 'out-of-range') {
      throw new SourceUnreadable(`${topic}/${partition} no longer has what the histories begin with`);
    }
    if (pulled!.error === undefined) await batch.take(upTo(pulled!, live.get(`${topic}/${partition}`)!));
    for (const { topic, source, last } of batch.logs.all()) logs.set(topic, source, last);
    const next = [...place];
    next[partition] = {
      offsets: { ...from.offsets, ...Object.fromEntries(batch.records.map((one) => [one.topic, `${one.nextOffset}`])) },
      logs: logs.all().map(({ topic, source, last }) => [topic, source, `${last.xid}`, `${last.position}`]),
      ledger: batch.ledger.sequence,
    };
    const write = async (client: PoolClient): Promise<void> => {
      if (history.count === 0) return;
      const { subjects, times, refs, entries } = history;
      const values = [subjects.whole(), times.whole(), refs.whole(), entries.whole()];
      await client.query({ name: 'rebuild-history', text: WRITE, values });
    };
    return { events: history.count, place: next, caughtUp: false, write };
  }

  /** One topic at a time: none of them depends on another. */
  #want(
    partition: number,
    { offsets }: PartitionPlace,
    live: ReadonlyMap<string, bigint>,
    maxBytes: number,
  ): PullWant | undefined {
    for (const { topic } of rowTopics(this.topics)) {
      const offset = BigInt(offsets[topic] ?? '0');
      if (offset < (live.get(`${topic}/${partition}`) ?? 0n)) return { topic, partition, offset, maxBytes };
    }
    return undefined;
  }

  /** How far the live intake has come: the next offset of each topic's partition. */
  async #live(): Promise<Map<string, bigint>> {
    const { rows } = await this.pool.query<{ topic: string; partition: number; next_offset: string }>({
      name: 'rebuild-live-offsets',
      text: 'select topic, partition, next_offset from audit.source where topic = any($1)',
      values: [rowTopics(this.topics).map(({ topic }) => topic)],
    });
    return new Map(rows.map((row) => [`${row.topic}/${row.partition}`, BigInt(row.next_offset)]));
  }

  /** Of a batch of the ledger that stands before what is read now. */
  async #ledgerDigest(partition: number, sequence: number, from: PartitionPlace): Promise<Buffer | undefined> {
    const { rows } = await this.pool.query<{ digest: Buffer }>({
      name: 'rebuild-ledger-digest',
      text: 'select digest from audit.ledger where partition = $1 and sequence = $2 and ledger_offset < $3',
      values: [partition, sequence, from.offsets[this.topics.ledger] ?? '0'],
    });
    return rows[0]?.digest;
  }
}

/** What the live intake has not taken in yet is left for later. */
function upTo(pulled: Pulled, end: bigint): Pulled {
  if (pulled.nextOffset <= end) return pulled;
  return { ...pulled, records: pulled.records.filter(({ offset }) => offset < end), nextOffset: end };
}
