import type { Pool, PoolClient } from 'pg';
import { plainName } from '../statements.js';
import type { Key, Opaque, RowJson } from './read-model.js';

export type DifferenceKind = 'altered' | 'missing' | 'added';

/** A row that is not as its events say: `missing` in the live table, `added` to it by nobody knows whom, or `altered`. */
export interface Difference {
  key: Key;
  kind: DifferenceKind;
  /** Names of the columns that differ; of `altered` rows only. */
  columns: string[];
}

/** Part of the rows in order of the key: above `above` up to `upTo`, both open where undefined. */
export interface KeyRange {
  above?: Key | undefined;
  upTo?: Key | undefined;
}

interface Column {
  name: string;
  type: string;
}

type Row = Record<`k${number}`, string> & {
  kind: DifferenceKind;
  columns: string[];
  version: number | null;
  live: Buffer | null;
  rebuilt: Buffer | null;
};

/** Compares a live table with the one beside it, in the database: what is equal never leaves it. */
export class Comparison {
  readonly live: string;
  readonly shadow: string;

  private constructor(
    live: string,
    shadow: string,
    private readonly keys: readonly Column[],
    private readonly others: readonly Column[],
    private readonly opaque: Opaque | undefined,
  ) {
    this.live = live;
    this.shadow = shadow;
  }

  static async of(pool: Pool, schema: string, name: string, opaque: Opaque | undefined): Promise<Comparison> {
    const shadow = `${plainName(schema)}.rebuild_${plainName(name)}`;
    const { rows } = await pool.query<Column & { place: number }>(
      `select quote_ident(a.attname) as name, format_type(a.atttypid, a.atttypmod) as type,
              coalesce(array_position(i.indkey::int2[], a.attnum), -1) as place
         from pg_attribute a join pg_index i on i.indrelid = a.attrelid and i.indisprimary
        where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attname <> 'fold'
        order by place, a.attnum`,
      [shadow],
    );
    const [keys, others] = [rows.filter(({ place }) => place >= 0), rows.filter(({ place }) => place < 0)];
    return new Comparison(`${schema}.${name}`, shadow, keys, others, opaque);
  }

  /** The key at which the next `rows` rows of either table end; undefined where there are not so many any more. */
  async boundary(client: PoolClient, above: Key | undefined, rows: number): Promise<Key | undefined> {
    const names = this.keys.map(({ name }) => name).join(', ');
    const values: unknown[] = [rows];
    const beyond = above === undefined ? '' : `where ${this.#keyCompared('>', above, values)}`;
    const nth = (table: string) => `(select ${names} from ${table} ${beyond} order by ${names} offset $1 limit 1)`;
    const { rows: found } = await client.query<Row>(
      `select ${this.#keyTexts((name) => name)} from (${nth(this.live)} union all ${nth(this.shadow)}) as ends
        order by ${names} limit 1`,
      values,
    );
    return found[0] && this.#keyOf(found[0]);
  }

  /** How the live rows of a range differ from those beside them. `within`: which rows can be told about (SQL). */
  async ofRange(client: PoolClient, range: KeyRange, within: string | undefined): Promise<Difference[]> {
    const values: unknown[] = [];
    const conditions = [
      ...(range.above === undefined ? [] : [this.#keyCompared('>', range.above, values)]),
      ...(range.upTo === undefined ? [] : [this.#keyCompared('<=', range.upTo, values)]),
    ];
    const where = (more: readonly string[]) => (more.length === 0 ? '' : `where ${more.join(' and ')}`);
    const live = `(select * from ${this.live} ${where(within === undefined ? conditions : [...conditions, within])})`;
    return await this.#differences(client, live, `(select * from ${this.shadow} ${where(conditions)})`, values);
  }

  /** How the live rows of these keys differ from `expected`. */
  async ofKeys(client: PoolClient, keys: readonly Key[], expected: readonly RowJson[]): Promise<Difference[]> {
    const names = this.keys.map(({ name }) => name).join(', ');
    const given = `(select ${names} from json_populate_recordset(null::${this.shadow}, $1::json))`;
    const live = `(select * from ${this.live} where (${names}) in ${given})`;
    const rebuilt = `(select * from json_populate_recordset(null::${this.shadow}, $2::json))`;
    return await this.#differences(client, live, rebuilt, [this.keysJson(keys), JSON.stringify(expected)]);
  }

  /** Keys as the rows that SQL makes of JSON. */
  keysJson(keys: readonly Key[]): string {
    return JSON.stringify(keys.map((key) => Object.fromEntries(this.keys.map(({ name }, nth) => [name, key[nth]]))));
  }

  /** The key of a row that is JSON, as far as its values are texts already. */
  keyOfRow(row: RowJson): Key {
    return this.keys.map(({ name }) => String(row[name]));
  }

  async #differences(client: PoolClient, live: string, rebuilt: string, values: unknown[]): Promise<Difference[]> {
    const { keys, others, opaque } = this;
    const first = keys[0]!.name;
    const differs = others.map(({ name, type }) => ({
      name,
      // json has no equality; as jsonb the order of members does not count.
      text:
        type === 'json' ? `l.${name}::jsonb is distinct from s.${name}::jsonb` : `l.${name} is distinct from s.${name}`,
    }));
    const named = differs.map(({ name, text }) => `case when ${text} then '${name}' end`);
    const bytes = opaque && `, l.version as version, l.${opaque.column} as live, s.${opaque.column} as rebuilt`;
    const { rows } = await client.query<Row>(
      `select ${this.#keyTexts((name) => `coalesce(l.${name}, s.${name})`)},
              case when s.${first} is null then 'added' when l.${first} is null then 'missing' else 'altered' end as kind,
              case when l.${first} is null or s.${first} is null then '{}'::text[]
                   else array_remove(array[${named.join(', ')}], null) end as columns
              ${bytes ?? ''}
         from ${live} l full join ${rebuilt} s on ${keys.map(({ name }) => `l.${name} = s.${name}`).join(' and ')}
        where l.${first} is null or s.${first} is null or ${differs.map(({ text }) => text).join(' or ')}
        order by ${keys.map((_, nth) => nth + 1).join(', ')}`,
      values,
    );
    const same = await this.#sameContent(rows);
    return rows
      .filter((_, nth) => !same.has(nth))
      .map((row) => ({ key: this.#keyOf(row), kind: row.kind, columns: row.columns }));
  }

  /** Rows, by index, that differ in nothing but bytes which say the same. */
  async #sameContent(rows: readonly Row[]): Promise<Set<number>> {
    const { opaque } = this;
    if (opaque === undefined) return new Set();
    const asked = rows.flatMap((row, nth) =>
      row.kind === 'altered' && row.columns.length === 1 && row.columns[0] === opaque.column ? [nth] : [],
    );
    if (asked.length === 0) return new Set();
    const pairs = asked.map((nth) => {
      const { version, live, rebuilt } = rows[nth]!;
      return { key: this.#keyOf(rows[nth]!), version: version!, live: live!, rebuilt: rebuilt! };
    });
    const same = await opaque.same(pairs);
    return new Set(asked.filter((_, nth) => same[nth]));
  }

  #keyTexts(expression: (name: string) => string): string {
    return this.keys.map(({ name }, nth) => `${expression(name)}::text as k${nth}`).join(', ');
  }

  #keyOf(row: Row): Key {
    return this.keys.map((_, nth) => row[`k${nth}`]!);
  }

  #keyCompared(operator: '>' | '<=', key: Key, values: unknown[]): string {
    const given = this.keys.map(({ type }, nth) => {
      values.push(key[nth]);
      return `$${values.length}::${type}`;
    });
    return `(${this.keys.map(({ name }) => name).join(', ')}) ${operator} (${given.join(', ')})`;
  }
}
