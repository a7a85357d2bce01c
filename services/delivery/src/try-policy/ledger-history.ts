import type { Pool } from 'pg';

/** A few, because one may be as large as a record of Kafka. */
const ROWS_AT_ONCE = 20;

const LAST = `select sequence from delivery.batch where partition = $1 order by sequence desc limit 1`;
const FROM_SEQUENCE = `select sequence, decided_at from delivery.batch
  where partition = $1 and sequence >= $2 order by sequence limit 1`;
/** Its plan is tested, like the others'. */
export const BATCHES_AFTER = `select sequence, decided_at, content from delivery.batch
  where partition = $1 and sequence > $2 order by sequence limit $3`;

const VETTING_OFFSET = 'select coalesce(max(vetting_offset), 0)::text as next from delivery.partition';

export interface PastBatch {
  sequence: number;
  decidedAt: Date;
  content: Buffer;
}

/** Reads the ledger of one partition in order, by its primary key alone. */
export class LedgerHistory {
  constructor(private readonly pool: Pool) {}

  /** The last sequence; 0 where there is none. */
  async last(partition: number): Promise<number> {
    const { rows } = await this.pool.query<{ sequence: string }>(LAST, [partition]);
    return Number(rows[0]?.sequence ?? 0);
  }

  /**
   * The last sequence decided before `from`; 0 where all were decided later. Found by halving, since batches are decided in
   * order: the ledger needs no index over time, which would cost on the path of every change.
   */
  async lastBefore(partition: number, from: Date): Promise<number> {
    let before = 0;
    let notBefore = (await this.last(partition)) + 1;
    while (notBefore - before > 1) {
      const middle = Math.floor((before + notBefore) / 2);
      const { rows } = await this.pool.query<{ decided_at: Date }>(FROM_SEQUENCE, [partition, middle]);
      if (rows[0] !== undefined && rows[0].decided_at < from) before = middle;
      else notBefore = middle;
    }
    return before;
  }

  /** Where delivery has come on vetting.events. */
  async vettingOffset(): Promise<bigint> {
    const { rows } = await this.pool.query<{ next: string }>(VETTING_OFFSET);
    return BigInt(rows[0]!.next);
  }

  async *batchesAfter(partition: number, sequence: number): AsyncGenerator<PastBatch> {
    for (let after = sequence; ; ) {
      const { rows } = await this.pool.query<{ sequence: string; decided_at: Date; content: Buffer }>(BATCHES_AFTER, [
        partition,
        after,
        ROWS_AT_ONCE,
      ]);
      for (const row of rows) {
        after = Number(row.sequence);
        yield { sequence: after, decidedAt: row.decided_at, content: row.content };
      }
      if (rows.length < ROWS_AT_ONCE) return;
    }
  }
}
