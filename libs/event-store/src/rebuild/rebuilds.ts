import type { Pool, PoolClient } from 'pg';
import type { SqlEffect } from '../types.js';
import type { Difference } from './comparison.js';
import type { Key, Place } from './read-model.js';

export const REBUILD_STATES = ['planned', 'running', 'paused', 'done', 'cancelled', 'failed'] as const;
export type RebuildState = (typeof REBUILD_STATES)[number];

/** Moves that an operator can make, and the states in which. */
export const REBUILD_MOVES = {
  run: { from: ['planned', 'paused'], to: 'running' },
  pause: { from: ['running'], to: 'paused' },
  cancel: { from: ['planned', 'running', 'paused'], to: 'cancelled' },
} as const satisfies Record<string, { from: readonly RebuildState[]; to: RebuildState }>;
export type RebuildMove = keyof typeof REBUILD_MOVES;

/** Another instance holds the lease, or an operator paused or cancelled the rebuild. */
export class RebuildStopped extends Error {
  override readonly name = 'RebuildStopped';
}

/** A rebuild as its row has it. */
export interface Rebuild {
  id: string;
  readModel: string;
  state: RebuildState;
  phase: 'filling' | 'comparing';
  swap: boolean;
  /** Events a second; 0: as fast as it goes. */
  rate: number;
  extent: { events: number; rows: number };
  events: number;
  rowsCompared: number;
  differences: { altered: number; missing: number; added: number; mended: number };
  plannedBy: string;
  plannedAt: Date;
  finishedAt?: Date;
  failure?: string;
}

export interface FoundDifference extends Difference {
  mended: boolean;
}

/** How far the table beside the live one is. */
export interface Progress {
  place: Place | null;
  compared: Key | undefined;
}

/** An instance that is gone is not waited for longer than this. */
const LEASE = "now() + interval '10 s'";

const COLUMNS = `id, read_model, state, phase, swap, rate, extent_events::float8, extent_rows::float8, events::float8,
  rows_compared::float8, altered::int, missing::int, added::int, mended::int, planned_by, planned_at, finished_at, failure`;

interface Row {
  id: string;
  read_model: string;
  state: RebuildState;
  phase: Rebuild['phase'];
  swap: boolean;
  rate: number;
  extent_events: number;
  extent_rows: number;
  events: number;
  rows_compared: number;
  altered: number;
  missing: number;
  added: number;
  mended: number;
  planned_by: string;
  planned_at: Date;
  finished_at: Date | null;
  failure: string | null;
}

/** The rebuilds of one service. */
export class Rebuilds {
  constructor(
    readonly pool: Pool,
    readonly schema: string,
  ) {}

  /** To be written together with the record of who planned it. */
  planning(plan: Pick<Rebuild, 'id' | 'readModel' | 'rate' | 'extent' | 'plannedBy'>): SqlEffect {
    return {
      name: `${this.schema}.plan_rebuild`,
      text: `insert into ${this.schema}.rebuild (id, read_model, state, rate, extent_events, extent_rows, planned_by)
        values ($1, $2, 'planned', $3, $4, $5, $6)`,
      values: [plan.id, plan.readModel, plan.rate, plan.extent.events, plan.extent.rows, plan.plannedBy],
    };
  }

  /** To be written together with the record of who made the move; the state may have changed meanwhile, then nothing does. */
  moving(
    id: string,
    move: RebuildMove,
    { swap, rate }: { swap?: boolean | undefined; rate?: number | undefined },
  ): SqlEffect {
    const { from, to } = REBUILD_MOVES[move];
    return {
      name: `${this.schema}.move_rebuild`,
      text: `update ${this.schema}.rebuild
          set state = $2, runner = null, lease_until = null, swap = coalesce($4, swap), rate = coalesce($5, rate),
              run_at = case when $2 = 'running' then coalesce(run_at, now()) else run_at end,
              finished_at = case when $2 = 'cancelled' then now() end
        where id = $1 and state = any($3)`,
      values: [id, to, from, swap ?? null, rate ?? null],
    };
  }

  async find(id: string): Promise<Rebuild | undefined> {
    return (await this.#where('id = $1', [id]))[0];
  }

  /** The latest ones, newest first. */
  async list(limit: number): Promise<Rebuild[]> {
    return await this.#where('true order by planned_at desc limit $1', [limit]);
  }

  async isOpen(readModel: string): Promise<boolean> {
    return (await this.#where("read_model = $1 and state in ('running', 'paused')", [readModel])).length > 0;
  }

  async differences(id: string, limit: number): Promise<FoundDifference[]> {
    const { rows } = await this.pool.query<Omit<FoundDifference, 'key'> & { key: string }>(
      `select key, kind, columns, mended from ${this.schema}.rebuild_difference where rebuild = $1 order by key limit $2`,
      [id, limit],
    );
    return rows.map((row) => ({ ...row, key: JSON.parse(row.key) as Key }));
  }

  /** Takes one that is to run and that nobody runs, or nobody any more. */
  async claim(runner: string): Promise<Rebuild | undefined> {
    const { rows } = await this.pool.query<Row>(
      `update ${this.schema}.rebuild set runner = $1, lease_until = ${LEASE}
        where id = (select id from ${this.schema}.rebuild
                     where state = 'running' and (lease_until is null or lease_until < now())
                     order by run_at limit 1 for update skip locked)
        returning ${COLUMNS}`,
      [runner],
    );
    return rows[0] && rebuildOf(rows[0]);
  }

  /** Lets another instance go on at once. */
  async release(id: string, runner: string): Promise<void> {
    await this.pool.query(
      `update ${this.schema}.rebuild set runner = null, lease_until = null where id = $1 and runner = $2`,
      [id, runner],
    );
  }

  /** Undefined where the table beside the live one is of another rebuild, or of none. */
  async progress(id: string): Promise<Progress | undefined> {
    const { rows } = await this.pool.query<{ place: Place | null; compared: string[] | null }>(
      `select place, compared from ${this.schema}.rebuild_progress where rebuild = $1`,
      [id],
    );
    return rows[0] && { place: rows[0].place, compared: rows[0].compared ?? undefined };
  }

  /** Empties the table beside the live one for this rebuild; what another left in it goes. */
  async begin(client: PoolClient, { id, readModel }: Rebuild): Promise<void> {
    const { schema } = this;
    await client.query(`truncate ${schema}.rebuild_${readModel}`);
    await client.query(
      `delete from ${schema}.rebuild_progress where rebuild in (select id from ${schema}.rebuild where read_model = $1)`,
      [readModel],
    );
    await client.query(`insert into ${schema}.rebuild_progress (rebuild) values ($1)`, [id]);
    await client.query(
      `update ${schema}.rebuild set events = 0, rows_compared = 0, altered = 0, missing = 0, added = 0, mended = 0
        where id = $1`,
      [id],
    );
    await client.query(`delete from ${schema}.rebuild_difference where rebuild = $1`, [id]);
  }

  /**
   * Notes what was done since the last time, in the transaction that did it, and renews the lease.
   * @throws {RebuildStopped} where it is no longer this runner's to do
   */
  async note(client: PoolClient, id: string, runner: string, done: Done): Promise<void> {
    const { schema } = this;
    const { place, compared, phase, events = 0, rows = 0, differences = [] } = done;
    const count = (kind: string) => differences.filter((one) => one.kind === kind).length;
    const mended = differences.filter((one) => one.mended).length;
    const { rowCount } = await client.query({
      name: `${schema}.note_rebuild`,
      text: `update ${schema}.rebuild set lease_until = ${LEASE}, phase = $3, events = events + $4,
          rows_compared = rows_compared + $5, altered = altered + $6, missing = missing + $7, added = added + $8, mended = mended + $9
        where id = $1 and runner = $2 and state = 'running'`,
      values: [id, runner, phase, events, rows, count('altered'), count('missing'), count('added'), mended],
    });
    if (rowCount === 0) throw new RebuildStopped('the rebuild is not this instance’s to run');
    await client.query({
      name: `${schema}.note_rebuild_progress`,
      text: `update ${schema}.rebuild_progress set place = $2, compared = $3 where rebuild = $1`,
      values: [id, JSON.stringify(place), compared === undefined ? null : JSON.stringify(compared)],
    });
    if (differences.length === 0) return;
    await client.query(
      `insert into ${schema}.rebuild_difference (rebuild, key, kind, columns, mended)
       select $1, d.key, d.kind, d.columns, d.mended
         from json_to_recordset($2) as d (key text, kind text, columns text[], mended boolean)
       on conflict (rebuild, key) do update set kind = excluded.kind, columns = excluded.columns, mended = excluded.mended`,
      [id, JSON.stringify(differences.map((one) => ({ ...one, key: JSON.stringify(one.key) })))],
    );
  }

  /** The end of it, to be written with its record. */
  finishing(id: string, runner: string, end: { state: 'done' } | { state: 'failed'; failure: string }): SqlEffect {
    return {
      name: `${this.schema}.finish_rebuild`,
      text: `update ${this.schema}.rebuild set state = $3, failure = $4, finished_at = now(), runner = null, lease_until = null
        where id = $1 and runner = $2 and state = 'running'`,
      values: [id, runner, end.state, end.state === 'failed' ? end.failure : null],
    };
  }

  async #where(condition: string, values: unknown[]): Promise<Rebuild[]> {
    const { rows } = await this.pool.query<Row>(
      `select ${COLUMNS} from ${this.schema}.rebuild where ${condition}`,
      values,
    );
    return rows.map(rebuildOf);
  }
}

/** What one transaction of a rebuild did. */
export interface Done {
  place: Place | null;
  compared?: Key | undefined;
  phase: Rebuild['phase'];
  events?: number;
  /** Rows compared. */
  rows?: number;
  differences?: readonly FoundDifference[];
}

function rebuildOf(row: Row): Rebuild {
  return {
    id: row.id,
    readModel: row.read_model,
    state: row.state,
    phase: row.phase,
    swap: row.swap,
    rate: row.rate,
    extent: { events: row.extent_events, rows: row.extent_rows },
    events: row.events,
    rowsCompared: row.rows_compared,
    differences: { altered: row.altered, missing: row.missing, added: row.added, mended: row.mended },
    plannedBy: row.planned_by,
    plannedAt: row.planned_at,
    ...(row.finished_at !== null && { finishedAt: row.finished_at }),
    ...(row.failure !== null && { failure: row.failure }),
  };
}
