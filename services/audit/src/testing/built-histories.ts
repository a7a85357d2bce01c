import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HistoryProof, uuidBytes } from '@sluice/contracts';
import { encodeTlogProof, FileHighWater, FileTileStorage, LogReader, LogWriter, NoteKey } from '@sluice/merkle-log';
import { bucketOf, TILE_WIDTH, Tile } from '../completeness/bucket-tree.js';
import { HeadBucket } from '../completeness/head-bucket.js';
import { headsLeaf } from '../completeness/heads-leaf.js';
import { labelOf } from '../completeness/labels.js';
import { RowCommitments } from '../completeness/row-commitments.js';

/** A row of a history, for tests: any bytes are an entry. */
export interface BuiltRow {
  subject: string;
  topic: number;
  partition: number;
  offset: number;
  entry: Buffer;
}

/** Histories with their heads in a map and a log, made by the real writers, in memory. */
export class BuiltHistories {
  readonly key = new NoteKey('log.example/test', generateKeyPairSync('ed25519').privateKey);
  readonly secret = createSecretKey(randomBytes(32));
  readonly #commitments = new RowCommitments(this.secret);
  readonly #rows: BuiltRow[] = [];
  readonly #buckets = new Map<number, HeadBucket>();
  readonly #tiles = new Map<number, Tile>();
  readonly #top = Tile.top(undefined);
  #writer: LogWriter | undefined;
  #storage: FileTileStorage | undefined;
  #leaf = { index: 0, content: '' };
  #epoch = 0;

  /** Adds rows, and an epoch to the log. */
  async epoch(...rows: BuiltRow[]): Promise<void> {
    for (const row of rows) {
      const { label } = labelOf(this.secret, uuidBytes(row.subject));
      const bucket = this.#buckets.get(bucketOf(label)) ?? new HeadBucket();
      this.#buckets.set(bucketOf(label), bucket);
      const fields = { refs: refOf(row), refAt: 0, time: 1_700_000_000_000 + row.offset };
      const commitment = this.#commitments.commit({
        ...fields,
        entries: row.entry,
        entryAt: 0,
        length: row.entry.length,
      });
      bucket.head(label).add(row.topic, row.partition, Buffer.from(commitment, 'latin1'), 0);
      this.#set(bucketOf(label), bucket);
    }
    this.#rows.push(...rows);
    this.#epoch += 1;
    const content = headsLeaf({
      epoch: this.#epoch,
      root: Buffer.from(this.#top.root(), 'latin1'),
      labels: this.#buckets.size,
      madeAt: 1_700_000_000_000,
      extents: [],
    });
    const writer = await this.#open();
    const { first } = await writer.append([Buffer.from('record x/0@1 y'), Buffer.from(content)]);
    this.#leaf = { index: first + 1, content };
  }

  async proofOf(subject: string): Promise<HistoryProof> {
    const { label, key } = labelOf(this.secret, uuidBytes(subject));
    const bucket = this.#buckets.get(bucketOf(label)) ?? new HeadBucket();
    const proof = bucket.proofOf(label);
    const { size } = this.#writer!.head;
    const path = await new LogReader(this.#storage!).inclusionProof(this.#leaf.index, size);
    return {
      format: 'sluice-history-proof-1',
      subject,
      head: {
        labelKey: base64(key),
        strands: bucket
          .strandsOf(label)
          .map((strand) => ({ ...strand, link: base64(Buffer.from(strand.link, 'latin1')) })),
        map: {
          count: bucket.count,
          ...(proof === undefined
            ? {
                around: bucket.around(label).map((one) => ({
                  index: one.index,
                  path: one.path.map(base64),
                  label: base64(one.label),
                  value: base64(one.value),
                })),
              }
            : { place: { index: proof.index, path: proof.path.map(base64) } }),
          path: [
            ...this.#tile(bucketOf(label)).path(bucketOf(label) % TILE_WIDTH),
            ...this.#top.path(tileOf(label)),
          ].map(base64),
        },
        leaf: this.#leaf.content,
        proof: encodeTlogProof({ index: this.#leaf.index, path, checkpoint: this.#writer!.checkpoint }),
      },
      rows: this.#rows
        .filter((row) => row.subject === subject)
        .map((row) => {
          const opened = this.#commitments.open({
            ref: refOf(row),
            at: 1_700_000_000_000 + row.offset,
            entry: row.entry,
          });
          const shown = ({ salt, content }: { salt: Buffer; content: Buffer }) => ({
            salt: base64(salt),
            content: base64(content),
          });
          return {
            topic: row.topic,
            partition: row.partition,
            head: shown(opened.head),
            decisions: opened.decisions.map(shown),
          };
        }),
    };
  }

  async #open(): Promise<LogWriter> {
    if (this.#writer !== undefined) return this.#writer;
    const folder = await mkdtemp(join(tmpdir(), 'sluice-histories-'));
    this.#storage = new FileTileStorage(join(folder, 'log'));
    this.#writer = await LogWriter.open({
      storage: this.#storage,
      highWater: new FileHighWater(join(folder, 'known')),
      key: this.key,
    });
    this.remove = () => rm(folder, { recursive: true });
    return this.#writer;
  }

  remove: () => Promise<void> = async () => {};

  #tile(bucket: number): Tile {
    return this.#tiles.get(Math.floor(bucket / TILE_WIDTH)) ?? Tile.ofBuckets(undefined);
  }

  #set(index: number, bucket: HeadBucket): void {
    const tile = this.#tile(index);
    tile.set(index % TILE_WIDTH, bucket.hash());
    this.#tiles.set(Math.floor(index / TILE_WIDTH), tile);
    this.#top.set(Math.floor(index / TILE_WIDTH), tile.root());
  }
}

function tileOf(label: Buffer): number {
  return Math.floor(bucketOf(label) / TILE_WIDTH);
}

function refOf({ topic, partition, offset }: BuiltRow): Buffer {
  const ref = Buffer.alloc(8);
  ref.writeBigUInt64BE((BigInt(topic) << 60n) | (BigInt(partition) << 54n) | (BigInt(offset) << 16n));
  return ref;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64');
}
