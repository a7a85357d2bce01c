import type { KeyObject } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { BinaryArray } from '../intake/binary-array.js';
import { TILE_WIDTH, Tile } from './bucket-tree.js';
import { FedRows } from './fed-rows.js';
import { HeadBucket } from './head-bucket.js';
import { type Extent, headsLeaf, isWithin, readHeadsLeaf } from './heads-leaf.js';
import { FED_ROW_BYTES } from './history-feed.js';

/** Of the feed at once, about 160,000 rows: bounds the memory. */
const FOLD_BYTES = 8 * 1024 * 1024;
const FOLD_PULLS = 2_000;
/** Some milliseconds of work between two statements: the log and the intake share this thread. */
const BUCKETS_AT_ONCE = 500;

const STATE = `select epoch, labels, leaf is not null as waits,
  (extract(epoch from now() - made_at) * 1000)::float8 as age_ms, (extract(epoch from now()) * 1000)::float8 as now_ms from audit.heads`;

/** Of the feed in one answer: all of it at once, in hex, made 30 MB of garbage out of 6. */
const READ_BYTES = 512 * 1024;

const FEED = `select id, partition, topics, next_offsets, bytes from (
    select pulls.*, sum(bytes) over (order by id) - bytes as before from (
      select id, partition, topics, next_offsets, octet_length(rows) as bytes
        from audit.heads_feed order by id limit ${FOLD_PULLS}) pulls) counted
  where before < $1 order by id`;

const ADVANCE = `insert into audit.heads_source (topic, partition, first_offset, next_offset)
  select topic, partition, 0, next from unnest($1::text[], $2::smallint[], $3::bigint[]) as taken (topic, partition, next)
  on conflict (topic, partition) do update set next_offset = excluded.next_offset`;

const SAVE_BUCKETS = `insert into audit.heads_bucket (bucket, heads)
  select * from unnest($1::integer[], $2::bytea[]) on conflict (bucket) do update set heads = excluded.heads`;

const SAVE_TILE = `insert into audit.heads_tile (level, index, hashes) values ($1, $2, $3)
  on conflict (level, index) do update set hashes = excluded.hashes`;

const SAVE = `update audit.heads set epoch = $1, labels = $2, leaf = $3,
  made_at = case when $5 then '-infinity' else to_timestamp($4::float8 / 1000) end`;

interface FedPull {
  id: string;
  partition: number;
  topics: string[];
  next_offsets: string[];
  /** Of its rows. */
  bytes: number;
}

interface State {
  epoch: string;
  labels: string;
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
 * Makes the next epoch of heads: takes up what the intake fed, all in one transaction, whichever instance does it. The
 * epoch's leaf waits in `audit.heads` until the keeper of the log has added it; until then the map stays as it is.
 */
export class HeadsStore {
  constructor(
    private readonly pool: Pool,
    private readonly secret: KeyObject,
  ) {}

  /** @param everyMs an epoch is not made before the last one is so old */
  async fold(everyMs: number): Promise<Folded> {
    const state = await stateOf(this.pool);
    if (state === undefined || state.waits || state.age_ms < everyMs) return NOTHING;
    const { rows: pulls } = await this.pool.query<FedPull>(FEED, [FOLD_BYTES]);
    const fed = await rowsOf(this.pool, pulls);
    if (fed === undefined || pulls.length === 0) return NOTHING;
    // Before the transaction: on a busy machine this takes longer than a transaction may stand still.
    const rows = await FedRows.of(this.secret, fed);
    return this.#commit(state, pulls, rows);
  }

  async #commit(state: State, pulls: readonly FedPull[], rows: FedRows): Promise<Folded> {
    const client = await this.pool.connect();
    const broken = () => {}; // the next query tells
    client.on('error', broken);
    try {
      await client.query('begin');
      const folded = await foldInto(client, state, pulls, rows);
      await client.query(folded === undefined ? 'rollback' : 'commit');
      client.off('error', broken);
      client.release();
      return folded ?? NOTHING;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }
}

/** The rows of these pulls, in order. Undefined where another instance has taken some of them up. */
async function rowsOf(pool: Pool, pulls: readonly FedPull[]): Promise<Buffer | undefined> {
  const all = Buffer.allocUnsafe(pulls.reduce((sum, { bytes }) => sum + bytes, 0));
  let end = 0;
  for (let next = 0; next < pulls.length; ) {
    const portion: string[] = [];
    for (let bytes = 0; next < pulls.length && bytes < READ_BYTES; next++) {
      bytes += pulls[next]!.bytes;
      portion.push(pulls[next]!.id);
    }
    const { rows } = await pool.query<{ rows: Buffer }>({
      name: 'fed-rows',
      text: 'select rows from audit.heads_feed where id = any($1::bigint[]) order by id',
      values: [portion],
    });
    if (rows.length < portion.length) return undefined;
    for (const { rows: some } of rows) end += some.copy(all, end);
  }
  return all;
}

async function stateOf(client: Pool | PoolClient, lock = ''): Promise<State | undefined> {
  return (await client.query<State>(`${STATE} ${lock}`)).rows[0];
}

/** Undefined where another instance was first. */
async function foldInto(
  client: PoolClient,
  state: State,
  pulls: readonly FedPull[],
  rows: FedRows,
): Promise<Folded | undefined> {
  const held = await stateOf(client, 'for update skip locked');
  if (held === undefined || held.waits || held.epoch !== state.epoch) return undefined;
  const taken = await client.query('delete from audit.heads_feed where id = any($1)', [pulls.map(({ id }) => id)]);
  if (taken.rowCount !== pulls.length) return undefined;
  await advance(client, pulls);
  if (rows.count === 0) return NOTHING;
  const { labels, root } = await addRows(client, rows);
  const epochLabels = Number(held.labels) + labels;
  const madeAt = Math.floor(held.now_ms);
  const { epoch, extents, isNews } = await nextEpoch(client, Number(held.epoch));
  const leaf = isNews ? headsLeaf({ epoch, root, labels: epochLabels, madeAt, extents }) : null;
  // Where there is more the next epoch is made as soon as this one is in the log.
  const isCut = pulls.length === FOLD_PULLS || rows.count * FED_ROW_BYTES >= FOLD_BYTES;
  await client.query(SAVE, [epoch, epochLabels, leaf, madeAt, isCut]);
  return { rows: rows.count, epoch };
}

/** Where each topic's partition goes on after these pulls. */
async function advance(client: PoolClient, pulls: readonly FedPull[]): Promise<void> {
  const next = new Map<string, { topic: string; partition: number; offset: string }>();
  for (const { partition, topics, next_offsets } of pulls) {
    topics.forEach((topic, i) => {
      next.set(`${topic}/${partition}`, { topic, partition, offset: next_offsets[i]! });
    });
  }
  const taken = [...next.values()];
  await client.query(ADVANCE, [
    taken.map(({ topic }) => topic),
    taken.map(({ partition }) => partition),
    taken.map(({ offset }) => offset),
  ]);
}

/** @returns labels that are new, and the root of the map */
async function addRows(client: PoolClient, rows: FedRows): Promise<{ labels: number; root: Buffer }> {
  const indexes = rows.buckets();
  const hashes = new Map<number, string>();
  let labels = 0;
  for (let from = 0; from < indexes.length; from += BUCKETS_AT_ONCE) {
    const some = indexes.slice(from, from + BUCKETS_AT_ONCE);
    const stored = await bucketsAt(client, some);
    const changed = new BinaryArray('bytea');
    for (const index of some) {
      const bucket = new HeadBucket(stored.get(index));
      const before = bucket.count;
      rows.addTo(index, bucket);
      labels += bucket.count - before;
      hashes.set(index, bucket.hash());
      changed.add(bucket.bytes());
    }
    await client.query({ name: 'save-heads', text: SAVE_BUCKETS, values: [some, changed.whole()] });
  }
  return { labels, root: await updateTree(client, hashes) };
}

async function bucketsAt(client: PoolClient, indexes: readonly number[]): Promise<Map<number, Buffer>> {
  const { rows } = await client.query<{ bucket: number; heads: Buffer }>({
    name: 'heads-buckets',
    text: 'select bucket, heads from audit.heads_bucket where bucket = any($1::integer[])',
    values: [indexes],
  });
  return new Map(rows.map(({ bucket, heads }) => [bucket, heads]));
}

async function updateTree(client: PoolClient, hashes: ReadonlyMap<number, string>): Promise<Buffer> {
  const byTile = Map.groupBy(hashes, ([bucket]) => Math.floor(bucket / TILE_WIDTH));
  const stored = await client.query<{ level: number; index: number; hashes: Buffer }>(
    'select level, index, hashes from audit.heads_tile where level = 1 or index = any($1::smallint[])',
    [[...byTile.keys()]],
  );
  const bytesAt = (level: number, index: number) =>
    stored.rows.find((tile) => tile.level === level && tile.index === index)?.hashes;
  const top = Tile.top(bytesAt(1, 0));
  for (const [index, buckets] of byTile) {
    const tile = Tile.ofBuckets(bytesAt(0, index));
    for (const [bucket, hash] of buckets) tile.set(bucket % TILE_WIDTH, hash);
    top.set(index, tile.root());
    await client.query({ name: 'save-heads-tile', text: SAVE_TILE, values: [0, index, tile.bytes()] });
  }
  await client.query({ name: 'save-heads-tile', text: SAVE_TILE, values: [1, 0, top.bytes()] });
  return Buffer.from(top.root(), 'latin1');
}

/**
 * The number of the next epoch, and what it covers. A database put back from an older copy makes again what the log has
 * already: that is no news until it covers at least as much as the log's last leaf.
 */
async function nextEpoch(
  client: PoolClient,
  epoch: number,
): Promise<{ epoch: number; extents: Extent[]; isNews: boolean }> {
  const [sources, last] = await Promise.all([
    client.query<{ topic: string; partition: number; first_offset: string; next_offset: string }>(
      'select topic, partition, first_offset, next_offset from audit.heads_source order by topic, partition',
    ),
    client.query<{ epoch: string; content: string }>(
      'select epoch, content from audit.heads_leaf order by epoch desc limit 1',
    ),
  ]);
  const extents = sources.rows.map(({ topic, partition, first_offset, next_offset }) => ({
    place: `${topic}/${partition}`,
    first: BigInt(first_offset),
    next: BigInt(next_offset),
  }));
  const logged = last.rows[0];
  const covered = new Map(extents.map(({ place, next }) => [place, next]));
  const known = logged && readHeadsLeaf(logged.content);
  return {
    epoch: Math.max(epoch, Number(logged?.epoch ?? 0)) + 1,
    extents,
    isNews: known === undefined || isWithin(known.extents, covered),
  };
}
