import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type ClientConfig } from 'pg';
import { copyOut } from './copy-out.js';
import { type LogPlace, readStreamPartText, readText } from './log-reads.js';

export interface Halt extends LogPlace {
  stream: string;
  reason: string;
}

export interface Look {
  /** Events wait to be published. */
  ready: boolean;
  /** How long the oldest event waits that an open transaction holds back, in ms; 0 when none does. */
  fenceAgeMs: number;
  /** An operator asked for the release of a stream. */
  releases: boolean;
}

const SMALL_READ_BYTES = 16 * 1024;

/** A leader that stops asking (paused, cut off) loses its session after this, and the lock with it. */
const IDLE_SESSION_TIMEOUT_MS = 5_000;
/** The session is kept from idling while Kafka is waited for. */
const KEEP_ALIVE_MS = 1_000;
/** No answer in this time means that the connection is dead; longer than any statement here can take. */
const ANSWER_TIMEOUT_MS = 15_000;
const GOODBYE_MS = 1_000;

/**
 * Settings of the relay's own session.
 * - Sequential scans off: plans made while the log is small are kept while it grows.
 * - Commits not waited for: a cursor lost in a crash only means that some events are published again.
 */
const SETTINGS = `
set idle_session_timeout = ${IDLE_SESSION_TIMEOUT_MS};
set enable_seqscan = off;
set plan_cache_mode = force_generic_plan;
set synchronous_commit = off`;

/** Everything the relay asks of PostgreSQL, over one connection that also holds the leadership. */
export class RelaySession {
  readonly #client: pg.Client;
  readonly #schema: string;
  readonly #keepAlive: NodeJS.Timeout;
  /** One statement at a time: pg would queue them, but not for much longer. */
  #turn: Promise<unknown> = Promise.resolve();
  #lastAnswer = performance.now();
  #expectedBytes = SMALL_READ_BYTES;
  #lost = false;

  private constructor(client: pg.Client, schema: string) {
    this.#client = client;
    this.#schema = schema;
    client.on('error', () => {
      this.#lost = true;
    });
    client.on('end', () => {
      this.#lost = true;
    });
    this.#keepAlive = setInterval(() => this.#stayAlive(), KEEP_ALIVE_MS / 2);
    this.#keepAlive.unref();
  }

  static async open(connection: ClientConfig | string, schema: string): Promise<RelaySession> {
    const config = typeof connection === 'string' ? { connectionString: connection } : connection;
    const client = new pg.Client({
      ...config,
      application_name: `sluice relay ${schema}`,
      keepAlive: true,
      connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
    });
    const session = new RelaySession(client, schema);
    try {
      await client.connect();
      await client.query(SETTINGS);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Once lost it stays so: the leadership went with it. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Becomes the only relay of this schema, until the session ends. */
  async tryToLead(): Promise<boolean> {
    const rows = await this.#query<{ leads: boolean }>(
      'lead',
      'select pg_try_advisory_lock(hashtextextended($1, 0)) as leads',
      [`sluice.relay.${this.#schema}`],
    );
    return rows[0]!.leads;
  }

  /** @param heard called when another relay of this schema announces that there is something */
  async listen(heard: () => void): Promise<void> {
    this.#client.on('notification', heard);
    await this.#inTurn(() => this.#client.query(`listen ${this.#channel}`));
  }

  /**
   * Tells the relay that leads that something was appended. Its transaction is one of its own: those that notify commit
   * one after the other in the whole cluster (PostgreSQL 18, NOTIFY), which appends are not to wait for.
   */
  async announce(): Promise<void> {
    await this.#query('announce', "select pg_notify($1, '')", [this.#channel]);
  }

  async cursor(): Promise<LogPlace> {
    const rows = await this.#query<{ at_xid: string; at_position: string }>(
      'cursor',
      `select xid::text as at_xid, position::text as at_position from ${this.#schema}.relay_cursor`,
    );
    return { xid: Number(rows[0]!.at_xid), position: Number(rows[0]!.at_position) };
  }

  /** A cheap look at what is there after `after`. */
  async look(after: LogPlace): Promise<Look> {
    const rows = await this.#query<{ ready: boolean; held_ms: number | null; releases: boolean }>(
      'look',
      `
select exists (
         select from ${this.#schema}.event
          where (xid, position) > ($1::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())) as ready,
       (select (extract(epoch from clock_timestamp() - recorded_at) * 1000)::float8 from ${this.#schema}.event
         where (xid, position) > ($1::xid8, $2::bigint) and xid >= pg_snapshot_xmin(pg_current_snapshot())
         order by xid, position limit 1) as held_ms,
       exists (select from ${this.#schema}.relay_halted where release_requested_at is not null) as releases`,
      [after.xid, after.position],
    );
    const { ready, held_ms: held, releases } = rows[0]!;
    return { ready, fenceAgeMs: Math.max(0, held ?? 0), releases };
  }

  /** Events that no open transaction can precede any more, in commit-safe order, after `after`; see `LogRows`. */
  async read(after: LogPlace): Promise<Buffer> {
    return await this.#copy(readText(this.#schema, after));
  }

  /** The events of one stream from `from` to `to`, both included. */
  async readStream(stream: string, from: LogPlace, to: LogPlace): Promise<Buffer> {
    return await this.#copy(readStreamPartText(this.#schema, stream, from, to));
  }

  /** Stores how far Kafka has acknowledged, never backwards, together with the streams halted on the way. */
  async advance(to: LogPlace, halts: readonly Halt[]): Promise<void> {
    await this.#query(
      'advance',
      `
with halts as (
  insert into ${this.#schema}.relay_halted (stream, xid, position, reason)
  select * from unnest($3::uuid[], $4::xid8[], $5::bigint[], $6::text[])
  on conflict (stream) do nothing
)
update ${this.#schema}.relay_cursor set xid = $1::xid8, position = $2::bigint
 where (xid, position) < ($1::xid8, $2::bigint)`,
      [
        to.xid,
        to.position,
        halts.map((halt) => halt.stream),
        halts.map((halt) => String(halt.xid)),
        halts.map((halt) => halt.position),
        halts.map((halt) => halt.reason),
      ],
    );
  }

  async halted(): Promise<(Halt & { releaseRequested: boolean })[]> {
    const rows = await this.#query<{
      stream: string;
      at_xid: string;
      at_position: string;
      reason: string;
      requested: boolean;
    }>(
      'halted',
      `select stream, xid::text as at_xid, position::text as at_position, reason,
              release_requested_at is not null as requested
         from ${this.#schema}.relay_halted order by at`,
    );
    return rows.map((row) => ({
      stream: row.stream,
      xid: Number(row.at_xid),
      position: Number(row.at_position),
      reason: row.reason,
      releaseRequested: row.requested,
    }));
  }

  /** A halted stream stands elsewhere now, or was refused for another reason: the operator has to ask again. */
  async moveHalt(halt: Halt, keepRequest: boolean): Promise<void> {
    await this.#query(
      'move_halt',
      `update ${this.#schema}.relay_halted set xid = $2::xid8, position = $3, reason = $4,
              release_requested_at = case when $5 then release_requested_at end
        where stream = $1`,
      [halt.stream, String(halt.xid), halt.position, halt.reason, keepRequest],
    );
  }

  async endHalt(stream: string): Promise<void> {
    await this.#query('end_halt', `delete from ${this.#schema}.relay_halted where stream = $1`, [stream]);
  }

  async close(): Promise<void> {
    this.#lost = true;
    clearInterval(this.#keepAlive);
    const ended = this.#client.end().catch(() => {});
    await Promise.race([ended, sleep(GOODBYE_MS, undefined, { ref: false })]);
    // Where the other side is gone without a word, the socket must not keep the process.
    this.#client.connection.stream.destroy();
  }

  get #channel(): string {
    return `sluice_log_${this.#schema}`;
  }

  async #copy(select: string): Promise<Buffer> {
    const bytes = await this.#inTurn(() => copyOut(this.#client, select, this.#expectedBytes));
    this.#expectedBytes = Math.max(SMALL_READ_BYTES, Math.ceil(bytes.length * 1.1));
    return bytes;
  }

  async #query<Row extends pg.QueryResultRow>(name: string, text: string, values: unknown[] = []): Promise<Row[]> {
    const result = await this.#inTurn(() => this.#client.query<Row>({ name: `relay.${name}`, text, values }));
    return result.rows;
  }

  async #inTurn<T>(ask: () => Promise<T>): Promise<T> {
    const answer = this.#turn.then(ask);
    this.#turn = answer.catch(() => {});
    const result = await answer;
    this.#lastAnswer = performance.now();
    return result;
  }

  #stayAlive(): void {
    if (this.#lost || performance.now() - this.#lastAnswer < KEEP_ALIVE_MS) return;
    this.#lastAnswer = performance.now();
    // A failure shows in `lost`, or to the next one who asks.
    void this.#query('alive', 'select 1').catch(() => {});
  }
}
