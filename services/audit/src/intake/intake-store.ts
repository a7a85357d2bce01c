import { uuidText } from '@sluice/contracts';
import type { ServiceConfig } from '@sluice/platform';
import { DatabaseError, Pool } from 'pg';
import type { HistoryFeed } from '../completeness/history-feed.js';
import type { Alarm } from '../domain/alarm.js';
import type { FigureCounts } from '../domain/figures/figure-counts.js';
import { type Head, NOTHING_YET } from '../domain/ledger-continuity.js';
import type { LogPosition } from '../domain/log-position.js';
import type { AgencyColumns } from './agency-columns.js';
import type { HistoryColumns } from './history-columns.js';
import { FIRST_LINK } from './record-digest.js';
import { Subscribers } from './subscribers.js';

/** Another worker owns the partition now, or stands elsewhere: what this one holds in memory is worth nothing. */
export class PartitionLost extends Error {
  override readonly name = 'PartitionLost';
}

/** How far a topic's partition was taken in. */
export interface Position {
  offset: bigint;
  link: Buffer;
}

/** The last event seen of each service's log, by topic and source. */
export class LogPositions {
  readonly #seen = new Map<string, { topic: string; source: string; last: LogPosition }>();

  get(topic: string, source: string): LogPosition | undefined {
    return this.#seen.get(`${topic} ${source}`)?.last;
  }

  set(topic: string, source: string, last: LogPosition): void {
    this.#seen.set(`${topic} ${source}`, { topic, source, last });
  }

  all(): { topic: string; source: string; last: LogPosition }[] {
    return [...this.#seen.values()];
  }
}

/** Where a worker begins. */
export interface Claim {
  epoch: number;
  /** By topic, in the order asked for. */
  positions: Map<string, Position>;
  logs: LogPositions;
  ledger: Head;
  /** By agency. */
  lanes: Map<string, Head>;
}

/** What one pull took from one topic. */
export interface TakenRecords {
  topic: string;
  firstOffset: bigint;
  nextOffset: bigint;
  count: number;
  digest: Buffer;
  link: Buffer;
}

export interface TakenBatch {
  sequence: number;
  digest: Buffer;
  offset: bigint;
}

/** All that one pull leads to. */
export interface Taken {
  records: TakenRecords[];
  logs: LogPositions;
  history: HistoryColumns;
  batches: TakenBatch[];
  lanes: ReadonlyMap<string, Head>;
  alarms: readonly Alarm[];
  figures: FigureCounts;
  agencies: AgencyColumns;
}

/** Workers commit one after the other on few cores; more connections would not make them faster. */
const CONNECTIONS = 3;
const STATEMENT_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5_000;
const PARTITION_LOST = 'SL001';

/**
 * The intake's own connections do not wait for the disk: what a crash of the server takes back is taken in again
 * from Kafka, since offsets and effects go together. (What is read of a history is recorded elsewhere, durably.)
 */
export function intakePool(config: ServiceConfig): Pool {
  return new Pool({
    connectionString: config.databaseUrl,
    application_name: `sluice-${config.instance}-intake`,
    max: CONNECTIONS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    options: '-c synchronous_commit=off',
  });
}

const CLAIM = `insert into audit.partition (partition, epoch) values ($1, 1)
  on conflict (partition) do update set epoch = partition.epoch + 1 returning epoch`;

const START_SOURCES = `insert into audit.source (topic, partition, next_offset, link)
  select topic, $1, 0, $3 from unnest($2::text[]) as topic on conflict do nothing`;

/** What the heads of the histories take up later, and the public figures, go in with it or not at all. */
const TAKE_IN = `with fed as (
  insert into audit.heads_feed (partition, topics, next_offsets, rows) select $1, $27, $28, $29 where $29::bytea is not null
), acted as (
  insert into audit.agency_activity (agency, at, ref, rows)
  select * from unnest($41::text[], $42::timestamptz[], $43::bigint[], $44::bytea[])
), queued as (
  insert into audit.notice_queue (subject, at, ref)
  select * from unnest($45::uuid[], $46::timestamptz[], $47::bigint[])
) select audit.take_in($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
  $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26),
  audit.count_figures($1, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)`;

export class IntakeStore {
  readonly #subscribers: Subscribers;

  constructor(
    private readonly pool: Pool,
    private readonly feed: HistoryFeed,
  ) {
    this.#subscribers = new Subscribers(pool);
  }

  /** Makes this worker the partition's owner: from here on no earlier one can change anything. */
  async claim(partition: number, topics: string[]): Promise<Claim> {
    const claimed = await this.pool.query<{ epoch: number }>(CLAIM, [partition]);
    await this.pool.query(START_SOURCES, [partition, topics, FIRST_LINK]);
    const [sources, logs, ledger, lanes] = await Promise.all([
      this.pool.query<{ topic: string; next_offset: string; link: Buffer }>(
        'select topic, next_offset, link from audit.source where partition = $1 and topic = any($2)',
        [partition, topics],
      ),
      this.pool.query<{ topic: string; source: string; xid: string; position: string }>(
        'select topic, source, xid, position from audit.log_position where partition = $1',
        [partition],
      ),
      this.pool.query<{ sequence: string; digest: Buffer }>(
        'select sequence, digest from audit.ledger where partition = $1 order by sequence desc limit 1',
        [partition],
      ),
      this.pool.query<{ agency: string; sequence: string; digest: Buffer }>(
        'select agency, sequence, digest from audit.lane where lane = $1',
        [partition],
      ),
    ]);
    const positions = new Map(
      sources.rows.map(({ topic, next_offset, link }) => [topic, { offset: BigInt(next_offset), link }]),
    );
    const seen = new LogPositions();
    for (const { topic, source, xid, position } of logs.rows) {
      seen.set(topic, source, { xid: BigInt(xid), position: BigInt(position) });
    }
    return {
      epoch: claimed.rows[0]!.epoch,
      positions: new Map(topics.map((topic) => [topic, positions.get(topic)!])),
      logs: seen,
      ledger: headOf(ledger.rows[0]) ?? NOTHING_YET,
      lanes: new Map(lanes.rows.map((row) => [row.agency, headOf(row)!])),
    };
  }

  /** The digest of a batch that was taken in before. */
  async ledgerDigest(partition: number, sequence: number): Promise<Buffer | undefined> {
    const { rows } = await this.pool.query<{ digest: Buffer }>({
      name: 'ledger-digest',
      text: 'select digest from audit.ledger where partition = $1 and sequence = $2',
      values: [partition, sequence],
    });
    return rows[0]?.digest;
  }

  /** Stores what a pull led to, all or nothing. @throws {PartitionLost} */
  async take(
    partition: number,
    epoch: number,
    { records, logs, history, batches, lanes, alarms, figures, agencies }: Taken,
  ): Promise<void> {
    const heads = [...lanes];
    const seen = logs.all();
    const fed = this.feed.of(history, records);
    await this.#subscribers.refresh();
    const queued = this.#subscribers.rowsAmong(history);
    try {
      await this.pool.query({
        name: 'take-in',
        text: TAKE_IN,
        values: [
          partition,
          epoch,
          records.map(({ topic }) => topic),
          records.map(({ firstOffset }) => firstOffset),
          records.map(({ nextOffset }) => nextOffset),
          records.map(({ count }) => count),
          records.map(({ digest }) => digest),
          records.map(({ link }) => link),
          seen.map(({ topic }) => topic),
          seen.map(({ source }) => source),
          seen.map(({ last }) => last.xid),
          seen.map(({ last }) => last.position),
          history.subjects.whole(),
          history.times.whole(),
          history.refs.whole(),
          history.entries.whole(),
          batches.map(({ sequence }) => sequence),
          batches.map(({ digest }) => digest),
          batches.map(({ offset }) => offset),
          heads.map(([agency]) => agency),
          heads.map(([, { sequence }]) => sequence),
          heads.map(([, { digest }]) => digest),
          alarms.map(({ kind }) => kind),
          alarms.map(({ place }) => place),
          alarms.map(({ expected }) => expected),
          alarms.map(({ found }) => found),
          fed?.topics ?? [],
          fed?.nextOffsets ?? [],
          fed?.rows ?? null,
          ...figureValues(figures),
          agencies.agencies,
          agencies.times.whole(),
          agencies.refs.whole(),
          agencies.rows.whole(),
          queued.subjects.map((subject) => uuidText(subject, 0)),
          queued.at,
          queued.refs,
        ],
      });
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== PARTITION_LOST) throw error;
      throw new PartitionLost('the partition belongs to another worker', { cause: error });
    }
  }
}

function headOf(row: { sequence: string; digest: Buffer } | undefined): Head | undefined {
  return row && { sequence: Number(row.sequence), digest: row.digest };
}

function figureValues({ counts, stopped, fenced }: FigureCounts): unknown[] {
  const momentValues = (moments: FigureCounts['stopped']) => [
    moments.map(({ grant }) => grant),
    moments.map(({ version }) => version),
    moments.map(({ at }) => new Date(at)),
  ];
  return [
    counts.map(({ month }) => month),
    counts.map(({ agency }) => agency),
    counts.map(({ purpose }) => purpose),
    counts.map(({ measure }) => measure),
    counts.map(({ count }) => count),
    ...momentValues(stopped),
    ...momentValues(fenced),
  ];
}
