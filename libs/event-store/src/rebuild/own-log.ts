import type { Pool, PoolClient } from 'pg';
import { copyOut } from '../copy-out.js';
import type { LogPlace } from '../log-reads.js';
import { LOG_COLUMNS, LogRows } from '../log-rows.js';
import { plainName } from '../statements.js';
import { withClient } from '../transaction.js';
import type { LoggedEvent } from '../types.js';
import { UUID_TEXT_BYTES, writeUuidText } from '../uuid-text.js';

export const LOG_START: LogPlace = { xid: 0, position: 0 };
/** A guess at an event with its context, so that a large result need not grow its buffer. */
const EXPECTED_ROW_BYTES = 1024;

/** The service's own log, as the rebuild of a read model reads it. Only events of the types wanted are made objects of. */
export class OwnLog {
  readonly #types = new Map<string, string | undefined>();
  readonly #uuid = Buffer.allocUnsafe(UUID_TEXT_BYTES);

  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
    private readonly wants: (type: string) => boolean,
  ) {
    plainName(schema);
  }

  /** The next events that no open transaction can precede any more. `seen` counts those of other types too. */
  async read(after: LogPlace, limit: number): Promise<{ events: LoggedEvent[]; seen: number; place: LogPlace }> {
    const text = `select ${LOG_COLUMNS} from ${this.schema}.event
       where (xid, position) > ('${after.xid}'::xid8, ${after.position}) and xid < pg_snapshot_xmin(pg_current_snapshot())
       order by xid, position limit ${limit}`;
    const bytes = await withClient(this.pool, (client) => copyOut(client, text, limit * EXPECTED_ROW_BYTES));
    const rows = new LogRows(bytes);
    const place = { ...after };
    const events: LoggedEvent[] = [];
    let seen = 0;
    while (rows.next()) {
      seen += 1;
      place.xid = rows.xid;
      place.position = rows.position;
      this.#take(rows, events);
    }
    return { events, seen, place };
  }

  /** The last event that is committed; an open transaction may hold `read` back from it for a while. */
  async end(): Promise<LogPlace> {
    const { rows } = await this.pool.query<{ last_xid: string; last_position: string }>(
      `select xid::text as last_xid, position::text as last_position from ${this.schema}.event
        order by xid desc, position desc limit 1`,
    );
    return rows[0] === undefined
      ? LOG_START
      : { xid: Number(rows[0].last_xid), position: Number(rows[0].last_position) };
  }

  /** What these streams have beyond a place, by stream and version; with the streams held, nothing can be missing. */
  async beyond(client: PoolClient, streams: readonly string[], after: LogPlace): Promise<LoggedEvent[]> {
    const text = `select ${LOG_COLUMNS} from ${this.schema}.event
       where stream = any('{${streams.join(',')}}'::uuid[]) and (xid, position) > ('${after.xid}'::xid8, ${after.position})
       order by stream, version`;
    const rows = new LogRows(await copyOut(client, text, EXPECTED_ROW_BYTES));
    const events: LoggedEvent[] = [];
    while (rows.next()) this.#take(rows, events);
    return events;
  }

  /**
   * Keeps the states of these streams as they are until the transaction ends, in the order in which appends lock them.
   * An append that stores a state waits; one that does not (`EventStoreOptions.stateEvery`) goes on, and changes no row.
   */
  async hold(client: PoolClient, streams: readonly string[]): Promise<void> {
    await client.query(
      `select from ${this.schema}.stream_state where stream = any($1::uuid[]) order by stream for update`,
      [streams],
    );
  }

  #take(rows: LogRows, events: LoggedEvent[]): void {
    const { bytes, payload } = rows;
    const type = this.#typeOf(bytes.toString('latin1', rows.type.start, rows.type.end));
    if (type === undefined) return;
    writeUuidText(bytes, rows.streamAt, this.#uuid, 0);
    events.push({
      stream: this.#uuid.toString('latin1'),
      version: rows.version,
      type,
      recordedAt: rows.recordedAt,
      payload: bytes.subarray(payload.start, payload.end),
    });
  }

  /** The one string of a type, or undefined where it is not wanted. */
  #typeOf(type: string): string | undefined {
    if (!this.#types.has(type)) this.#types.set(type, this.wants(type) ? type : undefined);
    return this.#types.get(type);
  }
}

/** Counting is exact for small tables; a large one is not read for it. */
const COUNTED_BELOW = 200_000;

export async function estimatedRows(pool: Pool, schema: string, table: string): Promise<number> {
  const { rows } = await pool.query<{ estimate: string }>(
    'select reltuples::bigint::text as estimate from pg_class where oid = $1::regclass',
    [`${plainName(schema)}.${plainName(table)}`],
  );
  const estimate = Number(rows[0]!.estimate);
  if (estimate >= COUNTED_BELOW) return estimate;
  const counted = await pool.query<{ count: string }>(
    `select count(*) from (select from ${schema}.${table} limit ${10 * COUNTED_BELOW}) as counted`,
  );
  return Number(counted.rows[0]!.count);
}
