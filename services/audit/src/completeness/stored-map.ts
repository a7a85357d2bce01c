import type { Pool, PoolClient } from 'pg';
import { BinaryArray } from '../intake/binary-array.js';
import { TILE_WIDTH, Tile } from './bucket-tree.js';
import type { HashText } from './hashes.js';
import { HeadBucket } from './head-bucket.js';

const TOP = 1;
const LEAVES = 0;

const BUCKETS = TILE_WIDTH * TILE_WIDTH;
const BUCKETS_DROPPED_AT_ONCE = 1_000;

const READ_BUCKETS = `select distinct on (bucket) bucket, heads from audit.map_bucket
  where bucket = any($1::integer[]) and epoch <= $2 order by bucket, epoch desc`;

const READ_TILES = `select distinct on (level, index) level, index, hashes from audit.map_tile
  where ((level = ${LEAVES} and index = any($1::smallint[])) or level = ${TOP}) and epoch <= $2
  order by level, index, epoch desc`;

const SAVE_BUCKETS = `insert into audit.map_bucket (bucket, epoch, heads)
  select bucket, $2, heads from unnest($1::integer[], $3::bytea[]) as changed (bucket, heads)`;

const SAVE_TILES = `insert into audit.map_tile (level, index, epoch, hashes)
  select level, index, $3, hashes from unnest($1::smallint[], $2::smallint[], $4::bytea[]) as changed (level, index, hashes)`;

const SWEEP_BUCKETS = `delete from audit.map_bucket old where bucket >= $2 and bucket < $3 and (epoch > $1 or exists (
  select from audit.map_bucket newer
   where newer.bucket = old.bucket and newer.epoch > old.epoch and newer.epoch <= $1))`;

const SWEEP_TILES = `delete from audit.map_tile old where epoch > $1 or exists (
  select from audit.map_tile newer
   where newer.level = old.level and newer.index = old.index and newer.epoch > old.epoch and newer.epoch <= $1)`;

const DROP_OLDER_TILES = `delete from audit.map_tile
  where ((level = ${LEAVES} and index = any($1::smallint[])) or level = ${TOP}) and epoch < $2`;

type Reader = Pool | PoolClient;

/**
 * The map of heads in the database. Each epoch's buckets and tiles are written beside those of the epochs before it, so
 * whoever reads at an epoch sees that one whole, however far the next one has come.
 */
export class StoredMap {
  /** @param epoch the one to read at */
  constructor(
    private readonly client: Reader,
    private readonly epoch: number,
  ) {}

  async bucketAt(index: number): Promise<HeadBucket> {
    return new HeadBucket((await this.bucketsAt([index])).get(index));
  }

  /** The bytes of those that were ever written. */
  async bucketsAt(indexes: readonly number[]): Promise<Map<number, Buffer>> {
    const { rows } = await this.client.query<{ bucket: number; heads: Buffer }>({
      name: 'heads-buckets',
      text: READ_BUCKETS,
      values: [indexes, this.epoch],
    });
    return new Map(rows.map(({ bucket, heads }) => [bucket, heads]));
  }

  /** The hashes beside a bucket's way to the root of the map, from the bucket up. */
  async pathOf(bucket: number): Promise<Buffer[]> {
    const index = Math.floor(bucket / TILE_WIDTH);
    const { top, tileAt } = await this.#tiles([index]);
    return [...tileAt(index).path(bucket % TILE_WIDTH), ...top.path(index)];
  }

  /** @param buckets those that the next epoch changes, in order */
  async writeBuckets(epoch: number, buckets: readonly number[], heads: BinaryArray): Promise<void> {
    await this.client.query({ name: 'save-heads', text: SAVE_BUCKETS, values: [buckets, epoch, heads.whole()] });
  }

  /** Writes the tree of the next epoch. @param hashes of the buckets it changes @returns the root of the map */
  async writeTree(epoch: number, hashes: ReadonlyMap<number, HashText>): Promise<Buffer> {
    const byTile = Map.groupBy(hashes, ([bucket]) => Math.floor(bucket / TILE_WIDTH));
    const indexes = [...byTile.keys()];
    const { top, tileAt } = await this.#tiles(indexes);
    const changed = new BinaryArray('bytea');
    for (const [index, buckets] of byTile) {
      const tile = tileAt(index);
      for (const [bucket, hash] of buckets) tile.set(bucket % TILE_WIDTH, hash);
      top.set(index, tile.root());
      changed.add(tile.bytes());
    }
    changed.add(top.bytes());
    await this.client.query(SAVE_TILES, [[...indexes.map(() => LEAVES), TOP], [...indexes, 0], epoch, changed.whole()]);
    return Buffer.from(top.root(), 'latin1');
  }

  /** Drops all but what counts at this epoch, a part of the map at a time. */
  async *sweep(): AsyncGenerator<void> {
    for (let from = 0; from < BUCKETS; from += BUCKETS_DROPPED_AT_ONCE) {
      await this.client.query({
        name: 'sweep-heads',
        text: SWEEP_BUCKETS,
        values: [this.epoch, from, from + BUCKETS_DROPPED_AT_ONCE],
      });
      yield;
    }
    await this.client.query(SWEEP_TILES, [this.epoch]);
  }

  /** Drops what these buckets, and the tiles over them, were before this epoch, a part of them at a time. */
  async *dropOlder(buckets: readonly number[]): AsyncGenerator<void> {
    for (let from = 0; from < buckets.length; from += BUCKETS_DROPPED_AT_ONCE) {
      await this.client.query({
        name: 'drop-older-heads',
        text: 'delete from audit.map_bucket where bucket = any($1::integer[]) and epoch < $2',
        values: [buckets.slice(from, from + BUCKETS_DROPPED_AT_ONCE), this.epoch],
      });
      yield;
    }
    const tiles = [...new Set(buckets.map((bucket) => Math.floor(bucket / TILE_WIDTH)))];
    await this.client.query(DROP_OLDER_TILES, [tiles, this.epoch]);
  }

  async #tiles(indexes: readonly number[]): Promise<{ top: Tile; tileAt: (index: number) => Tile }> {
    const { rows } = await this.client.query<{ level: number; index: number; hashes: Buffer }>({
      name: 'heads-tiles',
      text: READ_TILES,
      values: [indexes, this.epoch],
    });
    const bytesAt = (level: number, index: number) =>
      rows.find((tile) => tile.level === level && tile.index === index)?.hashes;
    return { top: Tile.top(bytesAt(TOP, 0)), tileAt: (index) => Tile.ofBuckets(bytesAt(LEAVES, index)) };
  }
}
