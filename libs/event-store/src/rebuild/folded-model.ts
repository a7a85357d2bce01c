import type { Pool, PoolClient } from 'pg';
import { plainName } from '../statements.js';
import type { Expected, Filling, Key, Opaque, Place, ReadModel, RowJson, Step } from './read-model.js';

/** Rows that are kept in memory between readings: what folds on is mostly what was folded a moment ago. */
const KEPT_ROWS = 10_000;

/** Where the events of a folded read model come from. */
export interface Source<E> {
  read(after: Place | null, limit: number): Promise<{ events: E[]; seen: number; place: Place; caughtUp: boolean }>;
  /**
   * Holds up whoever writes these rows live until the transaction ends, and gives the events about them beyond `place`.
   * `rows` are those beside the live ones and, where there is none, the live one; a key may have neither.
   */
  hold(client: PoolClient, rows: ReadonlyMap<string, RowJson>, place: Place, keys: readonly string[]): Promise<E[]>;
  close(): Promise<void>;
  /** See `Filling`; false when absent. */
  readonly liveIsBehind?: boolean;
}

/** A read model with one key column, each of whose rows is the fold of its events. */
export interface FoldedModel<E, S> {
  readonly name: string;
  readonly source: string;
  /** The key column. */
  readonly key: string;
  readonly opaque?: Opaque;
  extent(pool: Pool): Promise<number>;
  open(pool: Pool, schema: string): Source<E>;
  /** Runs before a batch is folded, eg to load data keys. */
  prepare?(keys: string[]): Promise<void>;
  /** The row an event is about. */
  keyOf(event: E): string | undefined;
  /** Whether an event is the first of its row, so that none need be looked for. */
  begins?(event: E): boolean;
  /** Pure: the same code that the live path runs. Undefined where there is (still) no row. */
  evolve(before: S | undefined, event: E): S | undefined;
  /** The row of a state, without the key. */
  rowOf(state: S, key: string): RowJson;
  /** What folding on needs and the row does not tell; kept in the column `fold`. */
  foldOf?(state: S): unknown;
  /** False where the row cannot be told any more, because what it was made of does not open. */
  knows?(state: S): boolean;
  /** Runs after rows of these keys were replaced, in the same transaction: what live writers remember is outdated. */
  mended?(client: PoolClient, keys: readonly string[]): Promise<void>;
  /** The state again, of a row and what was kept with it. */
  stateOf(row: RowJson, fold: unknown, key: string): S;
}

export function foldedModel<E, S>(model: FoldedModel<E, S>): ReadModel {
  const { name, source, opaque } = model;
  return {
    name,
    source,
    ...(opaque !== undefined && { opaque }),
    extent: (pool) => model.extent(pool),
    fill: (pool, schema) => new FoldedFilling(model, pool, schema),
  };
}

class FoldedFilling<E, S> implements Filling {
  readonly #source: Source<E>;
  /** In order of use, the latest last. */
  readonly #kept = new Map<string, S>();
  readonly #live: string;
  readonly #shadow: string;

  constructor(
    private readonly model: FoldedModel<E, S>,
    private readonly pool: Pool,
    schema: string,
  ) {
    this.#source = model.open(pool, schema);
    this.#live = `${plainName(schema)}.${plainName(model.name)}`;
    this.#shadow = `${schema}.rebuild_${model.name}`;
  }

  async next(after: Place | null, limit: number): Promise<Step> {
    const { events, seen, place, caughtUp } = await this.#source.read(after, limit);
    const changed = await this.#fold(events);
    const rows = JSON.stringify([...changed].map(([key, state]) => this.#rowOf(key, state)));
    const write = async (client: PoolClient): Promise<void> => {
      if (changed.size > 0) await client.query(await this.#upsert(client, rows));
    };
    return { events: seen, place, caughtUp, write };
  }

  get liveIsBehind(): boolean {
    return this.#source.liveIsBehind ?? false;
  }

  async expect(client: PoolClient, keys: readonly Key[], place: Place): Promise<Expected> {
    const { key: column, keyOf, evolve, rowOf } = this.model;
    const wanted = keys.map(([key]) => key!);
    const rebuilt = await this.#rows(client, this.#shadow, wanted);
    const missing = wanted.filter((key) => !rebuilt.has(key));
    const live = await this.#rows(client, this.#live, missing);
    const events = await this.#source.hold(client, new Map([...live, ...rebuilt]), place, wanted);
    await this.model.prepare?.(wanted);
    const states = new Map([...rebuilt].map(([key, row]) => [key, this.#stateOf(row, key)]));
    for (const event of events) {
      const key = keyOf.call(this.model, event);
      if (key === undefined || !wanted.includes(key)) continue;
      const state = evolve.call(this.model, states.get(key), event);
      if (state !== undefined) states.set(key, state);
    }
    const known = [...states].filter(([, state]) => this.#knows(state));
    return {
      rows: known.map(([key, state]) => ({ [column]: key, ...rowOf.call(this.model, state, key) })),
      unknowable: [...states].filter(([, state]) => !this.#knows(state)).map(([key]) => [key]),
    };
  }

  async mended(client: PoolClient, keys: readonly Key[]): Promise<void> {
    await this.model.mended?.(
      client,
      keys.map(([key]) => key!),
    );
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  #knows(state: S): boolean {
    return this.model.knows?.(state) ?? true;
  }

  async #fold(events: readonly E[]): Promise<Map<string, S>> {
    const keyed = events.map((event) => this.model.keyOf(event));
    const keys = new Set<string>();
    const begun = new Set<string>();
    for (const [nth, key] of keyed.entries()) {
      if (key === undefined || keys.has(key)) continue;
      keys.add(key);
      if (this.model.begins?.(events[nth]!)) begun.add(key);
    }
    await this.model.prepare?.([...keys]);
    const states = await this.#load([...keys].filter((key) => !begun.has(key)));
    const changed = new Map<string, S>();
    for (const [nth, event] of events.entries()) {
      const key = keyed[nth];
      if (key === undefined) continue;
      const state = this.model.evolve(states.get(key), event);
      if (state === undefined) continue;
      states.set(key, state);
      changed.set(key, state);
    }
    this.#keep(changed);
    return changed;
  }

  async #load(keys: readonly string[]): Promise<Map<string, S>> {
    const states = new Map<string, S>();
    const unknown: string[] = [];
    for (const key of keys) {
      const state = this.#kept.get(key);
      if (state === undefined) unknown.push(key);
      else states.set(key, state);
    }
    if (unknown.length === 0) return states;
    for (const [key, row] of await this.#rows(this.pool, this.#shadow, unknown))
      states.set(key, this.#stateOf(row, key));
    return states;
  }

  /** A batch is written while the next one is folded: what was changed last must be found here. */
  #keep(changed: ReadonlyMap<string, S>): void {
    for (const [key, state] of changed) {
      this.#kept.delete(key);
      this.#kept.set(key, state);
    }
    for (const key of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_ROWS) break;
      this.#kept.delete(key);
    }
  }

  async #rows(from: Pool | PoolClient, table: string, keys: readonly string[]): Promise<Map<string, RowJson>> {
    if (keys.length === 0) return new Map();
    const { key } = this.model;
    const { rows } = await from.query<RowJson>({
      text: `select t.*, t.${key}::text as ${key} from ${table} t where t.${key} = any($1)`,
      values: [keys],
    });
    return new Map(rows.map((row) => [row[key] as string, row]));
  }

  #stateOf(row: RowJson, key: string): S {
    return this.model.stateOf(row, row.fold, key);
  }

  #rowOf(key: string, state: S): RowJson {
    const row = { [this.model.key]: key, ...this.model.rowOf(state, key) };
    const fold = this.model.foldOf?.(state);
    return fold === undefined ? row : { ...row, fold };
  }

  #columns: string[] | undefined;

  async #upsert(client: PoolClient, rows: string) {
    this.#columns ??= await columnsOf(client, this.#shadow);
    const { key } = this.model;
    const others = this.#columns.filter((name) => name !== key).map((name) => `${name} = excluded.${name}`);
    return {
      name: `${this.#shadow}.upsert`,
      text: `insert into ${this.#shadow} select * from json_populate_recordset(null::${this.#shadow}, $1::json)
        on conflict (${key}) do update set ${others.join(', ')}`,
      values: [rows],
    };
  }
}

async function columnsOf(client: PoolClient, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(attname) as name from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [table],
  );
  return rows.map(({ name }) => name);
}
