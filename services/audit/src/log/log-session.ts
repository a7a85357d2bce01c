import { setTimeout as sleep } from 'node:timers/promises';
import type { HighWater, TreeHead } from '@sluice/merkle-log';
import pg from 'pg';
import type { Alarm } from '../domain/alarm.js';
import type { Indexed } from './block-index.js';

/** A leader that stops asking (paused, cut off) loses its session after this, and the leadership with it. */
const IDLE_SESSION_TIMEOUT_MS = 5_000;
/** No answer in this time means that the connection is dead. */
const ANSWER_TIMEOUT_MS = 10_000;
const GOODBYE_MS = 1_000;

const LEAD = "select pg_try_advisory_lock(hashtextextended('sluice.audit.log', 0)) as leads";

const FIRST_HEAD = 'insert into audit.log_head (size, root) values ($1, $2) on conflict do nothing';

const NEXT_HEAD = 'update audit.log_head set size = $3, root = $4 where size = $1 and root = $2';

const INDEX = `
with blocks as (
  insert into audit.log_block (agency, lane, first, count, leaf, ledger_offset, ledger_sequence)
  select * from unnest($2::text[], $3::smallint[], $4::bigint[], $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[])
  on conflict do nothing
), leaves as (
  insert into audit.heads_leaf (epoch, leaf, content) select * from unnest($9::bigint[], $10::bigint[], $11::text[])
  on conflict do nothing
), settled as (
  update audit.heads set leaf = null where leaf = any($11::text[])
)
update audit.log_head set indexed = greatest(indexed, $1)`;

const ALARM = `insert into audit.alarm (kind, place, expected, found) values ($1, $2, $3, $4)
  on conflict on constraint alarm_once do nothing`;

/**
 * The keeper's own connection: it holds the leadership as an advisory lock, and the high-water record is moved over it.
 * Should a keeper that lost the lock still write, the compare-and-set of the record refuses it.
 */
export class LogSession implements HighWater {
  private constructor(private readonly client: pg.Client) {}

  static async open(databaseUrl: string): Promise<LogSession> {
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'sluice audit log',
      keepAlive: true,
      connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
    });
    client.on('error', () => {}); // the next query tells
    const session = new LogSession(client);
    try {
      await client.connect();
      await client.query(`set idle_session_timeout = ${IDLE_SESSION_TIMEOUT_MS}`);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Becomes the only keeper of this database's log, until the session ends. */
  async tryToLead(): Promise<boolean> {
    const { rows } = await this.client.query<{ leads: boolean }>(LEAD);
    return rows[0]!.leads;
  }

  /** @throws where the session, and the leadership with it, was lost */
  async requireAlive(): Promise<void> {
    await this.client.query('select 1');
  }

  async load(): Promise<TreeHead | undefined> {
    const { rows } = await this.client.query<{ size: string; root: Buffer }>(
      'select size, root from audit.log_head for update',
    );
    return rows[0] && { size: Number(rows[0].size), root: rows[0].root };
  }

  async save(previous: TreeHead | undefined, next: TreeHead): Promise<boolean> {
    const { rowCount } =
      previous === undefined
        ? await this.client.query(FIRST_HEAD, [next.size, next.root])
        : await this.client.query(NEXT_HEAD, [previous.size, previous.root, next.size, next.root]);
    return rowCount === 1;
  }

  /** The leaves that the index was made from. */
  async indexed(): Promise<number> {
    const { rows } = await this.client.query<{ indexed: string }>('select indexed from audit.log_head');
    return Number(rows[0]?.indexed ?? 0);
  }

  /** The leaf of heads that is to be added, if there is one: see HeadsStore. */
  async pendingHeads(): Promise<string | undefined> {
    const { rows } = await this.client.query<{ leaf: string }>({
      name: 'pending-heads',
      text: 'select leaf from audit.heads where leaf is not null',
    });
    return rows[0]?.leaf;
  }

  /** Adds blocks and leaves of heads to the index, and that all leaves before `upTo` are in it. Again is as once. */
  async index({ blocks, heads }: Indexed, upTo: number): Promise<void> {
    await this.client.query({
      name: 'log-index',
      text: INDEX,
      values: [
        upTo,
        blocks.map(({ agency }) => agency),
        blocks.map(({ lane }) => lane),
        blocks.map(({ first }) => first),
        blocks.map(({ count }) => count),
        blocks.map(({ leaf }) => leaf),
        blocks.map(({ ledgerOffset }) => ledgerOffset),
        blocks.map(({ ledgerSequence }) => ledgerSequence),
        heads.map(({ epoch }) => epoch),
        heads.map(({ leaf }) => leaf),
        heads.map(({ content }) => content),
      ],
    });
  }

  /** What was found before is one alarm. */
  async raise({ kind, place, expected, found }: Alarm): Promise<void> {
    await this.client.query(ALARM, [kind, place, expected, found]);
  }

  async close(): Promise<void> {
    const ended = this.client.end().catch(() => {});
    await Promise.race([ended, sleep(GOODBYE_MS, undefined, { ref: false })]);
    this.client.connection.stream.destroy();
  }
}
