import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { BinaryArray } from '../intake/binary-array.js';
import { FedPulls } from './fed-pulls.js';
import { FedRows } from './fed-rows.js';
import { HeadBucket } from './head-bucket.js';
import { type Extent, headsLeaf, isWithin, readHeadsLeaf } from './heads-leaf.js';
import { StoredMap } from './stored-map.js';

/** Some milliseconds of work between two statements: the log and the intake share this thread. */
const BUCKETS_AT_ONCE = 100;
/**
 * Nothing waits for an epoch, and its work shows in how long changes are on their way: it rests three times as long as it
 * works, or less where it would take longer than this in all, but at least as long as it worked.
 */
const SPREAD_MS = 10_000;
const RESTS = 3;
/** A process that stood still need not stand as long again. */
const LONGEST_REST_MS = 100;

/** A process that stands still longer than this loses the lock, and with its session the means to write anything. */
const HOLD = "set idle_session_timeout = '10s'";
const LOCK = "hashtextextended('sluice.audit.heads', 0)";

const STATE = `select epoch, labels, making, leaf is not null as waits,
  (extract(epoch from now() - made_at) * 1000)::float8 as age_ms, (extract(epoch from now()) * 1000)::float8 as now_ms from audit.heads`;

const ADVANCE = `insert into audit.heads_source (topic, partition, first_offset, next_offset)
  select topic, partition, 0, next from unnest($1::text[], $2::smallint[], $3::bigint[]) as taken (topic, partition, next)
  on conflict (topic, partition) do update set next_offset = excluded.next_offset`;

const SAVE = `update audit.heads set epoch = $1, labels = $2, leaf = $3,
  made_at = case when $5 then '-infinity' else to_timestamp($4::float8 / 1000) end`;

interface State {
  epoch: string;
  labels: string;
  /** The map may hold more than what stands: of a later epoch, or of one that was replaced. */
  making: boolean;
  /** Its leaf is not in the log yet. */
  waits: boolean;
  age_ms: number;
  now_ms: number;
}

/** What came of a fold. */
export interface Folded {
  /** Rows that the heads took up; 0 where there was nothing, it was not time yet, or the last epoch is not in the log. */
  rows: number;
  epoch?: number;
}

const NOTHING: Folded = { rows: 0 };

/**
 * Makes the next epoch of heads: takes up what the intake fed, whichever instance does it. Its map is written beside
 * the one that stands, slowly and in short transactions; one short transaction at the end makes it stand. The epoch's
 * leaf then waits in `audit.heads` until the keeper of the log has added it; until then no further one is made.
 */
export class HeadsStore {
  constructor(
    private readonly pool: Pool,
    private readonly secret: KeyObject,
  ) {}

  /**
   * @param everyMs an epoch is not made before the last one is so old
   * @param signal gives up what is in the making; the next fold begins it again
   */
  async fold(everyMs: number, signal?: AbortSignal): Promise<Folded> {
    if (!isDue(await stateOf(this.pool), everyMs)) return NOTHING;
    const client = await this.pool.connect();
    const broken = () => {}; // the next query tells
    client.on('error', broken);
    try {
      await client.query(HOLD);
      const { rows } = await client.query<{ leads: boolean }>(`select pg_try_advisory_lock(${LOCK}) as leads`);
      let folded = NOTHING;
      if (rows[0]?.leads === true) {
        folded = await this.#foldAlone(client, everyMs, signal);
        await client.query(`select pg_advisory_unlock(${LOCK})`);
      }
      await client.query('reset idle_session_timeout');
      client.off('error', broken);
      client.release();
      return folded;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  async #foldAlone(client: PoolClient, everyMs: number, signal?: AbortSignal): Promise<Folded> {
    const state = await stateOf(client);
    const fed = isDue(state, everyMs) ? await FedPulls.read(client) : undefined;
    if (state === undefined || fed === undefined) return NOTHING;
    // A statement now and then, so that the database sees a session that is at work.
    const rows = await FedRows.of(this.secret, fed.rows, () => client.query('select'));
    signal?.throwIfAborted();
    return new Fold(client, state, fed, signal).make(rows);
  }
}

/** One epoch in the making. All it writes goes through the session that holds the lock. */
class Fold {
  readonly #standing: StoredMap;

  constructor(
    private readonly client: PoolClient,
    private readonly state: State,
    private readonly fed: FedPulls,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.#standing = new StoredMap(client, Number(state.epoch));
  }

  async make(rows: FedRows): Promise<Folded> {
    if (this.state.making) await this.#through(this.#standing.sweep());
    const logged = await newestLogged(this.client);
    const epoch = Math.max(Number(this.state.epoch), logged?.epoch ?? 0) + 1;
    if (rows.count > 0) await this.client.query('update audit.heads set making = true');
    const buckets = rows.buckets();
    const { labels, hashes } = await this.#writeBuckets(epoch, rows, buckets);
    const root = rows.count > 0 ? await this.#standing.writeTree(epoch, hashes) : undefined;
    this.signal?.throwIfAborted();
    await this.client.query('begin');
    await this.#confirm();
    const extents = await this.#takeFeed();
    if (root !== undefined) {
      const last = await newestLogged(this.client);
      if ((last?.epoch ?? 0) >= epoch) throw new Error(`epoch ${epoch} of heads came into the log meanwhile`);
      const madeAt = Math.floor(this.state.now_ms);
      const all = Number(this.state.labels) + labels;
      // A database put back from an older copy makes again what the log has already: that is no news until it covers
      // at least as much as the log's last leaf.
      const covered = new Map(extents.map(({ place, next }) => [place, next]));
      const isNews = last === undefined || isWithin(last.extents, covered);
      const leaf = isNews ? headsLeaf({ epoch, root, labels: all, madeAt, extents }) : null;
      // Where there is more the next epoch is made as soon as this one is in the log.
      await this.client.query(SAVE, [epoch, all, leaf, madeAt, this.fed.isCut]);
    }
    await this.client.query('commit');
    if (root === undefined) return NOTHING;
    await this.#through(new StoredMap(this.client, epoch).dropOlder(buckets));
    await this.client.query('update audit.heads set making = false');
    return { rows: rows.count, epoch };
  }

  /** @returns labels that are new, and the hashes of the buckets that changed */
  async #writeBuckets(epoch: number, rows: FedRows, buckets: readonly number[]) {
    const hashes = new Map<number, string>();
    let labels = 0;
    for (let from = 0; from < buckets.length; from += BUCKETS_AT_ONCE) {
      const some = buckets.slice(from, from + BUCKETS_AT_ONCE);
      const begun = performance.now();
      const stored = await this.#standing.bucketsAt(some);
      const changed = new BinaryArray('bytea');
      for (const index of some) {
        const bucket = new HeadBucket(stored.get(index));
        const before = bucket.count;
        rows.addTo(index, bucket);
        labels += bucket.count - before;
        hashes.set(index, bucket.hash());
        changed.add(bucket.bytes());
      }
      await this.#standing.writeBuckets(epoch, some, changed);
      await sleep(restAfter(performance.now() - begun, buckets.length), undefined, { signal: this.signal });
    }
    return { labels, hashes };
  }

  /** Takes from the feed what the epoch took up. @returns what the map covers with it */
  async #takeFeed(): Promise<Extent[]> {
    const { ids } = this.fed;
    const taken = await this.client.query('delete from audit.heads_feed where id = any($1)', [ids]);
    if (taken.rowCount !== ids.length) throw new Error('what an epoch of heads took up is gone from the feed');
    const next = this.fed.next();
    await this.client.query(ADVANCE, [
      next.map(({ topic }) => topic),
      next.map(({ partition }) => partition),
      next.map(({ offset }) => offset),
    ]);
    const { rows } = await this.client.query<{
      topic: string;
      partition: number;
      first_offset: string;
      next_offset: string;
    }>('select topic, partition, first_offset, next_offset from audit.heads_source order by topic, partition');
    return rows.map(({ topic, partition, first_offset, next_offset }) => ({
      place: `${topic}/${partition}`,
      first: BigInt(first_offset),
      next: BigInt(next_offset),
    }));
  }

  /** `heads` first, as its other writers. Only an instance of an older version, which knows no lock, comes between. */
  async #confirm(): Promise<void> {
    const { rows } = await this.client.query<Pick<State, 'epoch' | 'waits'>>(
      'select epoch, leaf is not null as waits from audit.heads for update',
    );
    if (rows[0]?.epoch !== this.state.epoch || rows[0].waits) {
      throw new Error('another epoch of heads was made meanwhile');
    }
  }

  /** A stop in between leaves the rest to the next fold: `making` tells. */
  async #through(parts: AsyncGenerator<void>): Promise<void> {
    for await (const _ of parts) this.signal?.throwIfAborted();
  }
}

function restAfter(workedMs: number, buckets: number): number {
  const share = (SPREAD_MS * BUCKETS_AT_ONCE) / buckets;
  return Math.min(RESTS * workedMs, Math.max(workedMs, share - workedMs), LONGEST_REST_MS);
}

function isDue(state: State | undefined, everyMs: number): boolean {
  return state !== undefined && !state.waits && state.age_ms >= everyMs;
}

async function stateOf(client: Pool | PoolClient): Promise<State | undefined> {
  return (await client.query<State>(STATE)).rows[0];
}

async function newestLogged(client: PoolClient): Promise<{ epoch: number; extents: Extent[] } | undefined> {
  const { rows } = await client.query<{ epoch: string; content: string }>(
    'select epoch, content from audit.heads_leaf order by epoch desc limit 1',
  );
  const logged = rows[0];
  if (logged === undefined) return undefined;
  return { epoch: Number(logged.epoch), extents: readHeadsLeaf(logged.content)?.extents ?? [] };
}
