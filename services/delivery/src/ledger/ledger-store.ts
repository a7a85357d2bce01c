import type { Grant } from '@sluice/decision';
import type { Pool } from 'pg';
import type { LogMark } from '../partition/source-record.js';
import type { BatchEffects, LaneState, PartitionState } from './batch-effects.js';
import { GroupCommit } from './group-commit.js';

export interface ParkedChange {
  offset: bigint;
  subject: string;
  settlement: 'retry' | 'discard' | null;
}

const ACQUIRE = `insert into delivery.partition (partition, epoch) values ($1, 1)
  on conflict (partition) do update set epoch = delivery.partition.epoch + 1 returning *`;

/** The ledger and delivery's other state, as far as a partition's worker needs them. */
export class LedgerStore {
  readonly #commits: GroupCommit;

  constructor(private readonly pool: Pool) {
    this.#commits = new GroupCommit(pool);
  }

  /** Takes the partition over: whoever owned it before can change nothing any more. */
  async acquire(partition: number): Promise<PartitionState> {
    const { rows } = await this.pool.query({ name: 'delivery-acquire', text: ACQUIRE, values: [partition] });
    return partitionState(rows[0]);
  }

  /** @throws PartitionLost when another worker has taken the partition */
  commit(effects: BatchEffects): Promise<void> {
    return this.#commits.commit(effects);
  }

  /** Whether a rebuild raised the epoch, and nobody has taken the partition since. */
  async wasRebuilt(partition: number): Promise<boolean> {
    const { rows } = await this.pool.query<{ rebuilt: boolean }>({
      name: 'delivery-was-rebuilt',
      text: 'select epoch is not distinct from rebuilt_epoch as rebuilt from delivery.partition where partition = $1',
      values: [partition],
    });
    return rows[0]?.rebuilt ?? false;
  }

  /** Remembers that everything up to `sequence` was dispatched; for quiet times, when no commit carries it. */
  async dispatched(partition: number, epoch: number, sequence: number): Promise<void> {
    await this.pool.query({
      name: 'delivery-dispatched',
      text: 'update delivery.partition set dispatched_sequence = $3 where partition = $1 and epoch = $2',
      values: [partition, epoch, sequence],
    });
  }

  async lanes(partition: number): Promise<Map<string, LaneState>> {
    const { rows } = await this.pool.query<{ agency: string; last_sequence: string; last_digest: Buffer }>(
      'select agency, last_sequence, last_digest from delivery.lane where lane = $1',
      [partition],
    );
    return new Map(rows.map((row) => [row.agency, { sequence: Number(row.last_sequence), digest: row.last_digest }]));
  }

  /** Batches above `after`, in order: after a crash these may not have been dispatched. */
  async batchesAfter(partition: number, after: number): Promise<Buffer[]> {
    const { rows } = await this.pool.query<{ content: Buffer }>(
      'select content from delivery.batch where partition = $1 and sequence > $2 order by sequence',
      [partition, after],
    );
    return rows.map((row) => row.content);
  }

  async grantsOf(subjects: string[]): Promise<Map<string, readonly Grant[]>> {
    const { rows } = await this.pool.query<{ subject: string; grants: Grant[] }>({
      name: 'delivery-grants',
      text: 'select subject, grants from delivery.subject where subject = any($1::uuid[])',
      values: [subjects],
    });
    return new Map(rows.map((row) => [row.subject, row.grants]));
  }

  /** Subjects with parked changes, and what an operator wants done with each. */
  async parked(partition: number): Promise<ParkedChange[]> {
    const { rows } = await this.pool.query<Omit<ParkedChange, 'offset'> & { registry_offset: string }>(
      'select registry_offset, subject, settlement from delivery.parked where partition = $1 order by registry_offset',
      [partition],
    );
    return rows.map((row) => ({
      offset: BigInt(row.registry_offset),
      subject: row.subject,
      settlement: row.settlement,
    }));
  }
}

function partitionState(row: Record<string, unknown>): PartitionState {
  const number = (name: string): number => Number(row[name]);
  const mark = (topic: string): LogMark => ({ xid: number(`${topic}_xid`), position: number(`${topic}_position`) });
  return {
    partition: number('partition'),
    epoch: number('epoch'),
    registryOffset: BigInt(row.registry_offset as string),
    consentOffset: BigInt(row.consent_offset as string),
    vettingOffset: BigInt(row.vetting_offset as string),
    registryMark: mark('registry'),
    consentMark: mark('consent'),
    vettingMark: mark('vetting'),
    ledgerSequence: number('ledger_sequence'),
    ledgerDigest: row.ledger_digest as Buffer,
    dispatchedSequence: number('dispatched_sequence'),
  };
}
