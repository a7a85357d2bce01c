import { hash, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { type HistoryHead, type ProvenRow, uuidBytes } from '@sluice/contracts';
import { Pool, type PoolClient } from 'pg';
import { bucketOf } from '../completeness/bucket-tree.js';
import { HISTORY_SECRET_KEY } from '../completeness/completeness.module.js';
import type { HeadBucket } from '../completeness/head-bucket.js';
import { strandOf } from '../completeness/history-feed.js';
import { labelOf } from '../completeness/labels.js';
import { type OpenedPart, RowCommitments } from '../completeness/row-commitments.js';
import { StoredMap } from '../completeness/stored-map.js';
import { type HistoryLine, linesOf } from '../domain/history-lines.js';
import type { SealedFacts } from '../domain/sealing.js';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { LeafProofs } from '../log/leaf-proofs.js';
import { CoveredRows } from './covered-rows.js';
import { type Epoch, epochAt, newestEpoch } from './epochs.js';
import { type Cursor, writeCursor } from './proof-cursor.js';

const ROWS_AT_ONCE = 1_000;
/** A new epoch's leaf is in the log after a turn of its keeper. */
const LEAF_WAIT_MS = 3_000;
const LOOK_MS = 100;

/** By the primary key; one person's rows are sorted for it. */
export const ROWS_OF_HISTORY = `select at, ref, entry from audit.history
  where subject = $1 and ref > $2 order by ref limit $3`;

/** Whom the proof is for. */
export interface ProofView {
  /** Whether an entry is kept from them. */
  isWithheld: (entry: SealedFacts) => boolean;
}

/** A page of a proof. */
export interface ProofPage {
  head?: HistoryHead;
  rows: ProvenRow[];
  next?: string;
}

interface Row {
  at: Date;
  ref: string;
  entry: Buffer;
}

/** Makes proofs that a history is complete, from the map of heads and the rows. */
@Injectable()
export class HistoryProofs {
  constructor(
    private readonly pool: Pool,
    private readonly commitments: RowCommitments,
    private readonly leaves: LeafProofs,
    @Inject(HISTORY_SECRET_KEY) private readonly secret: KeyObject,
    @Inject(AUDIT_SCOPE) private readonly scope: AuditScope,
  ) {}

  /** Undefined where no epoch is in the log, or the newest one not yet. @param after `next` of the page before */
  async page(subject: string, after: Cursor | undefined, view: ProofView): Promise<ProofPage | undefined> {
    for (const deadline = performance.now() + LEAF_WAIT_MS; ; ) {
      const page = await this.#tryPage(subject, after, view);
      if (page !== undefined || performance.now() > deadline) return page;
      await sleep(LOOK_MS);
    }
  }

  async #tryPage(subject: string, after: Cursor | undefined, view: ProofView): Promise<ProofPage | undefined> {
    const client = await this.pool.connect();
    const broken = () => {}; // the next query tells
    client.on('error', broken);
    try {
      await client.query('begin isolation level repeatable read read only');
      const page = await this.#pageIn(client, subject, after, view);
      await client.query('commit');
      client.off('error', broken);
      client.release();
      return page;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  async #pageIn(
    client: PoolClient,
    subject: string,
    after: Cursor | undefined,
    view: ProofView,
  ): Promise<ProofPage | undefined> {
    const epoch = await (after === undefined ? newestEpoch(client) : epochAt(client, after.epoch));
    if (epoch === undefined) return undefined;
    const { rows } = await client.query<Row>({
      name: 'rows-of-history',
      text: ROWS_OF_HISTORY,
      values: [subject, after?.ref ?? 0n, ROWS_AT_ONCE + 1],
    });
    const shown = rows.slice(0, ROWS_AT_ONCE);
    const covered = new CoveredRows(epoch.heads, this.scope.topics);
    return {
      ...(after === undefined && { head: await this.#head(client, subject, epoch) }),
      rows: shown.filter(({ ref }) => covered.has(BigInt(ref))).map((row) => this.#proven(row, view)),
      ...(rows.length > ROWS_AT_ONCE && {
        next: writeCursor({ epoch: epoch.heads.epoch, ref: BigInt(shown.at(-1)!.ref) }),
      }),
    };
  }

  async #head(client: PoolClient, subject: string, { leaf, content, heads }: Epoch): Promise<HistoryHead> {
    const { label, key } = labelOf(this.secret, uuidBytes(subject));
    const map = new StoredMap(client, heads.epoch);
    const bucket = await map.bucketAt(bucketOf(label));
    return {
      labelKey: base64(key),
      strands: bucket
        .strandsOf(label)
        .map((strand) => ({ ...strand, link: base64(Buffer.from(strand.link, 'latin1')) })),
      map: { ...inBucket(bucket, label), path: (await map.pathOf(bucketOf(label))).map(base64) },
      leaf: content,
      proof: await this.leaves.proofOf(leaf),
    };
  }

  /** What is withheld goes as its commitment alone; so does the head of a row of which nothing else is left to show. */
  #proven({ at, ref, entry }: Row, { isWithheld }: ProofView): ProvenRow {
    const place = refBytes(ref);
    const [topic, partition] = strandOf(place, 0);
    const opened = this.commitments.open({ ref: place, at: at.getTime(), entry });
    const lines = linesOf({ at: at.getTime(), ref: BigInt(ref), entry }).reverse();
    const own = lines.slice(0, lines.length - opened.decisions.length);
    const decided = lines.slice(own.length);
    const isHidden = (line: HistoryLine | undefined) => line !== undefined && isWithheld(line.entry);
    const isHeadHidden = own.length > 0 ? own.some(isHidden) : decided.length > 0 && decided.every(isHidden);
    return {
      topic,
      partition,
      head: isHeadHidden ? base64(commitmentTo(opened.head)) : part(opened.head),
      decisions: opened.decisions.map((one, i) => (isHidden(decided[i]) ? base64(commitmentTo(one)) : part(one))),
    };
  }
}

/** SHA-256(salt || content): what stands for a part that is not shown. */
function commitmentTo({ salt, content }: OpenedPart): Buffer {
  return hash('sha256', Buffer.concat([salt, content]), 'buffer');
}

function part({ salt, content }: OpenedPart): { salt: string; content: string } {
  return { salt: base64(salt), content: base64(content) };
}

function inBucket(bucket: HeadBucket, label: Buffer): Omit<HistoryHead['map'], 'path'> {
  const proof = bucket.proofOf(label);
  if (proof !== undefined) {
    return { count: bucket.count, place: { index: proof.index, path: proof.path.map(base64) } };
  }
  const around = bucket.around(label).map(({ index, path, label: neighbour, value }) => ({
    index,
    path: path.map(base64),
    label: base64(neighbour),
    value: base64(value),
  }));
  return { count: bucket.count, around };
}

function refBytes(ref: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(ref));
  return bytes;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64');
}
