import type { Pool, PoolClient } from 'pg';

/** Where a source is read on; JSON, and nobody's business but the source's. */
export type Place = unknown;

/** The values of a row's key, as text, in the order of the primary key. */
export type Key = readonly string[];

/** A row as JSON: `\x…` for bytes, ISO 8601 for times. */
export type RowJson = Readonly<Record<string, unknown>>;

/** What one reading of the source came to. */
export interface Step {
  /** Events read, for pace and progress. */
  events: number;
  /** Where to read on. */
  place: Place;
  /** There was no more when this was read. */
  caughtUp: boolean;
  /** Brings the table beside the live one up to `place`, in the transaction that notes the place. */
  write(client: PoolClient): Promise<void>;
}

/** Bytes that are not the same each time they are made, as sealed ones: their content is compared instead. */
export interface Opaque {
  column: string;
  /** The live and the rebuilt bytes of rows that agree in all else. @returns whether each pair says the same */
  same(pairs: readonly { key: Key; version: number; live: Buffer; rebuilt: Buffer }[]): Promise<boolean[]>;
}

/**
 * What some rows should be, with whoever writes them live held up until the transaction ends, and all folded that the
 * source has. A key that was asked for and is in neither list should have no row.
 */
export interface Expected {
  rows: RowJson[];
  /** Of these the source cannot tell: what it says of them does not open any more. They are left as they are. */
  unknowable: Key[];
}

/** One rebuild at work. */
export interface Filling {
  /** Reads on, about `limit` events at most. */
  next(after: Place | null, limit: number): Promise<Step>;
  /**
   * The live table follows its source at a distance that the database does not tell: a row that differs may only be
   * behind, so it is looked at several times.
   */
  readonly liveIsBehind: boolean;
  /** What the rows of these keys should be at this very moment: see `Expected`. */
  expect(client: PoolClient, keys: readonly Key[], place: Place): Promise<Expected>;
  /** Runs after rows of these keys were replaced, in the same transaction. */
  mended?(client: PoolClient, keys: readonly Key[]): Promise<void>;
  /** Which rows the source has told all about at `place`, as SQL on a table's columns; all of them when absent. */
  within?(place: Place): string;
  close(): Promise<void>;
}

/** A table that events make, and how to make it again. */
export interface ReadModel {
  /** The table, which is also what operators call it. */
  readonly name: string;
  /** What it is made of, in words. */
  readonly source: string;
  readonly opaque?: Opaque;
  /** About how many events there are to read. */
  extent(pool: Pool): Promise<number>;
  fill(pool: Pool, schema: string): Filling;
}

/** The source lacks what comes next, or holds what cannot be read. The message quotes nothing that was read. */
export class SourceUnreadable extends Error {
  override readonly name = 'SourceUnreadable';
}
