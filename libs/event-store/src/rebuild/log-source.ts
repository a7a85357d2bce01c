import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { LogPlace } from '../log-reads.js';
import type { LoggedEvent } from '../types.js';
import type { Source } from './folded-model.js';
import { estimatedRows, LOG_START, OwnLog } from './own-log.js';
import type { Place, RowJson } from './read-model.js';

/** Between two looks at whether an open transaction still holds events back. */
const HELD_WAIT_MS = 250;

export interface LogSourceOptions<E> {
  pool: Pool;
  schema: string;
  /** Which types of events the read model is made of. */
  wants: (type: string) => boolean;
  /** @throws {SourceUnreadable} */
  decode: (event: LoggedEvent) => E;
  /** The stream that a row is made of. */
  streamOf: (row: RowJson, key: string) => string;
}

/** The service's own log as the source of a read model. */
export class LogSource<E> implements Source<E> {
  readonly #log: OwnLog;
  /** Where this reading ends: with what was committed when it began, as others go on appending. */
  #target: LogPlace | undefined;

  constructor(private readonly options: LogSourceOptions<E>) {
    this.#log = new OwnLog(options.pool, options.schema, options.wants);
  }

  /** About how many events the log of a schema holds. */
  static extent(schema: string): (pool: Pool) => Promise<number> {
    return (pool) => estimatedRows(pool, schema, 'event');
  }

  async read(after: Place | null, limit: number) {
    this.#target ??= await this.#log.end();
    const { events, seen, place } = await this.#log.read((after as LogPlace | null) ?? LOG_START, limit);
    const caughtUp = !isBefore(place, this.#target);
    if (caughtUp) this.#target = undefined;
    else if (seen < limit) await sleep(HELD_WAIT_MS);
    return { events: events.map(this.options.decode), seen, place, caughtUp };
  }

  async hold(client: PoolClient, rows: ReadonlyMap<string, RowJson>, place: Place): Promise<E[]> {
    const streams = [...new Set([...rows].map(([key, row]) => this.options.streamOf(row, key)))];
    await this.#log.hold(client, streams);
    const events = await this.#log.beyond(client, streams, (place as LogPlace | null) ?? LOG_START);
    return events.map(this.options.decode);
  }

  async close(): Promise<void> {}
}

function isBefore(one: LogPlace, other: LogPlace): boolean {
  return one.xid < other.xid || (one.xid === other.xid && one.position < other.position);
}
