import { Injectable } from '@nestjs/common';
import { Pool } from 'pg';

/** Where the block of a delivery is: in the log, and in the ledger. */
export interface BlockFound {
  /** Lane sequence of its first delivery. */
  first: number;
  /** Index in the log. */
  leaf: number;
  /** In delivery.ledger, in the partition of the lane's number. */
  ledgerOffset: bigint;
}

const FIND = `select first, count, leaf, ledger_offset from audit.log_block
  where agency = $1 and lane = $2 and first <= $3 order by first desc limit 1`;

@Injectable()
export class BlockPlaces {
  constructor(private readonly pool: Pool) {}

  /** Undefined where the log has no such delivery, or has it not yet. */
  async find(agency: string, lane: number, sequence: number): Promise<BlockFound | undefined> {
    const { rows } = await this.pool.query<{ first: string; count: number; leaf: string; ledger_offset: string }>({
      name: 'log-block',
      text: FIND,
      values: [agency, lane, sequence],
    });
    const [row] = rows;
    if (row === undefined || sequence >= Number(row.first) + row.count) return undefined;
    return { first: Number(row.first), leaf: Number(row.leaf), ledgerOffset: BigInt(row.ledger_offset) };
  }
}
