import type { Pool } from 'pg';

/** A message that could not be handled, or waits behind one of its key. */
export interface ParkedMessage {
  id: string;
  group: string;
  topic: string;
  partition: number;
  offset: bigint;
  /** The record's key: the stream as uuid text. */
  key: string;
  type: string;
  /** Why it is here: the rule it broke, or `behind` when an earlier message of its key is parked. */
  reason: string;
  tries: number;
  state: 'waiting' | 'retrying' | 'handled' | 'discarded';
  parkedAt: Date;
}

export interface ParkedAction {
  action: 'retry' | 'discard';
  operator: string;
  at: Date;
}

export interface ParkedDetail extends ParkedMessage {
  headers: Record<string, string>;
  value: Buffer;
  /** Oldest first. */
  actions: ParkedAction[];
}

/** What became of an operator's wish. `waits-behind` names the message of the same key that must be settled first. */
export type ParkedOutcome =
  | { kind: 'done' }
  | { kind: 'unknown' }
  | { kind: 'settled' }
  | { kind: 'waits-behind'; id: string };

type Row = Omit<ParkedMessage, 'offset'> & { offset: string };

/** The most `list` shows at once: what more there is has the same causes. */
const LIST_LIMIT = 1_000;

/** The operator's view of the table of parked messages of one service (`libs/messaging/migrations`). */
export class ParkedMessages {
  readonly #pool: Pool;
  readonly #schema: string;

  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    this.#schema = schema;
  }

  /** The oldest 1,000 unsettled messages, oldest first. */
  async list(): Promise<ParkedMessage[]> {
    const { rows } = await this.#pool.query<Row>(
      `${this.#select('')} where state in ('waiting', 'retrying') order by id limit $1`,
      [LIST_LIMIT],
    );
    return rows.map(({ offset, ...rest }) => ({ ...rest, offset: BigInt(offset) }));
  }

  /** A message with all it carries and what was decided about it; settled ones too. */
  async show(id: string): Promise<ParkedDetail | undefined> {
    const { rows } = await this.#pool.query<Row & Pick<ParkedDetail, 'headers' | 'value'>>(
      `${this.#select(', headers, value')} where id = $1`,
      [id],
    );
    const found = rows[0];
    if (!found) return undefined;
    const actions = await this.#pool.query<ParkedAction>(
      `select action, operator, at from ${this.#schema}.parked_action where parked = $1 order by id`,
      [id],
    );
    return { ...found, offset: BigInt(found.offset), actions: actions.rows };
  }

  /**
   * Hands the message to its handler again, within a second, and those behind it in order once it is handled.
   * `waits-behind`: an earlier message of its key must be settled first.
   */
  retry(id: string, operator: string): Promise<ParkedOutcome> {
    return this.#decide(id, operator, 'retry');
  }

  /** Gives the message up; those behind it are handled. */
  discard(id: string, operator: string): Promise<ParkedOutcome> {
    return this.#decide(id, operator, 'discard');
  }

  async #decide(id: string, operator: string, action: ParkedAction['action']): Promise<ParkedOutcome> {
    const table = `${this.#schema}.parked`;
    const [change, allowed] =
      action === 'retry'
        ? [`state = 'retrying'`, `parked.state = 'waiting' and (select id from earlier) is null`]
        : [`state = 'discarded', settled_at = now()`, `parked.state in ('waiting', 'retrying')`];
    const { rows } = await this.#pool.query<{ state: string | null; behind: string | null; changed: boolean }>(
      `
with target as (
  select id, state, consumer_group, key from ${table} where id = $1
), earlier as (
  select min(parked.id) as id from ${table} parked, target
   where parked.consumer_group = target.consumer_group and parked.key = target.key
     and parked.state in ('waiting', 'retrying') and parked.id < target.id
), changed as (
  update ${table} parked set ${change} from target where parked.id = target.id and ${allowed}
  returning parked.id
), noted as (
  insert into ${this.#schema}.parked_action (parked, action, operator) select id, $2, $3 from changed
)
select (select state from target), (select id from earlier) as behind, exists (select from changed) as changed`,
      [id, action, operator],
    );
    const { state, behind, changed } = rows[0]!;
    if (changed) return { kind: 'done' };
    if (state === null) return { kind: 'unknown' };
    if (state === 'handled' || state === 'discarded') return { kind: 'settled' };
    // Without an earlier one it waits for its retry already.
    return behind === null ? { kind: 'done' } : { kind: 'waits-behind', id: behind };
  }

  #select(more: string): string {
    return `select id, consumer_group as "group", topic, partition, message_offset as "offset", key, type, reason, tries,
      state, parked_at as "parkedAt"${more} from ${this.#schema}.parked`;
  }
}
