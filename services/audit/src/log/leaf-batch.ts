import type { KeyObject } from 'node:crypto';
import type { Pulled, PulledRecord } from '@sluice/messaging';
import { isWithin, readHeadsLeaf } from '../completeness/heads-leaf.js';
import type { Alarm } from '../domain/alarm.js';
import { LedgerView } from '../domain/ledger-view.js';
import { RecordDigest } from '../intake/record-digest.js';
import { BlockCommitments, blocksOf } from './block-commitments.js';
import { blockLeaf } from './block-leaf.js';
import { type Positions, positionLeaf } from './positions.js';
import { recordLeaf } from './record-leaf.js';

/** The broker no longer has what the log would take in next, or never had it. */
export class RecordsLost extends Error {
  override readonly name = 'RecordsLost';

  /** @param alarm where it is known what is missing */
  constructor(
    message: string,
    readonly alarm?: Alarm,
  ) {
    super(message);
  }
}

export interface LeafTools {
  ledgerTopic: string;
  saltSecret: KeyObject;
  digests: RecordDigest;
}

/** The leaves that one pull makes: a leaf for each record, one for each block of a ledger batch, and the positions last. */
export class LeafBatch {
  /** Of records and blocks, in order; without the position leaf. */
  readonly #leaves: Buffer[] = [];
  /** After this batch. */
  readonly positions: Positions;
  /** The first partition that could not be read, and why. */
  unread: string | undefined;
  /** Records beyond this pull. */
  behind = 0;

  constructor(
    positions: Positions,
    private readonly tools: LeafTools,
  ) {
    this.positions = new Map(positions);
  }

  get isEmpty(): boolean {
    return this.#leaves.length === 0;
  }

  /** With the position leaf. */
  leaves(): Buffer[] {
    return [...this.#leaves, Buffer.from(positionLeaf(this.positions), 'latin1')];
  }

  /** @throws RecordsLost */
  take({ topic, partition, records, nextOffset, highWatermark, error }: Pulled): void {
    const place = `${topic}/${partition}`;
    if (error === 'out-of-range') {
      const next = this.positions.get(place);
      throw new RecordsLost(`Kafka has no records from ${place}@${next} on, where the log goes on: bring them back`, {
        kind: 'records-missing',
        place,
        expected: `offset ${next}`,
        found: 'outside of what Kafka holds',
      });
    }
    if (error !== undefined) {
      this.unread ??= `${place}: ${error}`;
      return;
    }
    for (const record of records) {
      this.#add(recordLeaf(topic, partition, record.offset, this.tools.digests.textOf(record)));
      if (topic === this.tools.ledgerTopic) this.#addBlocks(record);
    }
    this.positions.set(place, nextOffset);
    this.behind += Number(highWatermark - nextOffset);
  }

  /** Behind the records that the heads cover: with those of them that are not in the log, they wait. */
  addHeads(leaf: string | undefined): void {
    const heads = leaf === undefined ? undefined : readHeadsLeaf(leaf);
    if (heads !== undefined && isWithin(heads.extents, this.positions)) this.#add(leaf!);
  }

  /** A batch that cannot be read is in the log as a record; the intake raises the alarm. */
  #addBlocks(record: PulledRecord): void {
    try {
      const batch = new LedgerView(record.value);
      for (const block of blocksOf(batch)) {
        const root = new BlockCommitments(this.tools.saltSecret, batch, block).root();
        this.#add(blockLeaf({ ...block, lane: batch.partition, root, ledgerSequence: batch.sequence }));
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }

  #add(leaf: string): void {
    this.#leaves.push(Buffer.from(leaf, 'latin1'));
  }
}
