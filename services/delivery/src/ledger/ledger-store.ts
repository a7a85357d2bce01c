import type { LedgerBatch, LedgerBlock } from '@sluice/contracts';
import type { Pool } from 'pg';
import type { Grant } from '../domain/grant.js';
import type { LogMark } from '../partition/source-record.js';

/** Where a partition's worker stands; the offsets are the next to read. */
export interface PartitionState {
  partition: number;
  epoch: number;
  registryOffset: bigint;
  consentOffset: bigint;
  vettingOffset: bigint;
  registryMark: LogMark;
  consentMark: LogMark;
  vettingMark: LogMark;
  ledgerSequence: number;
  ledgerDigest: Buffer;
  dispatchedSequence: number;
}

export interface LaneState {
  sequence: number;
  digest: Buffer;
}

/** Everything one batch changes, to be committed together. */
export interface BatchEffects {
  state: PartitionState;
  /** Absent where nothing had to be decided. */
  batch?: { ledger: LedgerBatch; content: Buffer };
  /** New grants of every person that a consent or snapshot event touched. */
  subjects: ReadonlyMap<string, readonly Grant[]>;
  parked: readonly { offset: bigint; subject: string; reason: string }[];
  /** Offsets of parked changes that are settled by this batch. */
  settled: readonly bigint[];
}

export interface ParkedChange {
  offset: bigint;
  subject: string;
  settlement: 'retry' | 'discard' | null;
}

/** The worker no longer owns its partition: another one raised the epoch. Nothing was changed. */
export class PartitionLost extends Error {
  override readonly name = 'PartitionLost';
}

const ACQUIRE = `insert into delivery.partition (partition, epoch) values ($1, 1)
  on conflict (partition) do update set epoch = delivery.partition.epoch + 1 returning *`;

/**
 * One statement, one commit: every part takes its rows from \`own\`, so a lost epoch leaves all of them undone.
 * The content goes as one parameter; blocks, lanes and subjects as arrays.
 */
const COMMIT = `with own as (
    update delivery.partition set registry_offset = $3, consent_offset = $4, vetting_offset = $5,
      registry_xid = $6, registry_position = $7, consent_xid = $8, consent_position = $9,
      vetting_xid = $10, vetting_position = $11, ledger_sequence = $12, ledger_digest = $13, dispatched_sequence = $14
    where partition = $1 and epoch = $2 returning partition
  ), batch as (
    insert into delivery.batch (partition, sequence, decided_at, content)
    select own.partition, $12, $15, $16 from own where $16::bytea is not null
  ), block as (
    insert into delivery.block (agency, lane, first, count, batch, digest)
    select b.agency, own.partition, b.first, b.count, $12, substring($20::bytea from b.at for 32)
    from own, unnest($17::text[], $18::bigint[], $19::int[], $21::int[]) as b(agency, first, count, at)
  ), lane as (
    insert into delivery.lane (agency, lane, last_sequence, last_digest)
    select l.agency, own.partition, l.last, substring($20::bytea from l.at for 32)
    from own, unnest($22::text[], $23::bigint[], $24::int[]) as l(agency, last, at)
    on conflict (agency, lane) do update set last_sequence = excluded.last_sequence, last_digest = excluded.last_digest
  ), subject as (
    insert into delivery.subject (subject, grants)
    select s.subject, s.grants from own, unnest($25::uuid[], $26::jsonb[]) as s(subject, grants)
    on conflict (subject) do update set grants = excluded.grants
  ), parked as (
    insert into delivery.parked (partition, registry_offset, subject, reason)
    select own.partition, p.registry_offset, p.subject, p.reason
    from own, unnest($27::bigint[], $28::uuid[], $29::text[]) as p(registry_offset, subject, reason)
    on conflict (partition, registry_offset) do update set reason = excluded.reason, settlement = null
  ), settled as (
    delete from delivery.parked using own
    where delivery.parked.partition = own.partition and registry_offset = any($30::bigint[])
  )
  select count(*)::int as owned from own`;

/** The ledger and delivery's other state, as far as a partition's worker needs them. */
export class LedgerStore {
  constructor(private readonly pool: Pool) {}

  /** Takes the partition over: whoever owned it before can change nothing any more. */
  async acquire(partition: number): Promise<PartitionState> {
    const { rows } = await this.pool.query({ name: 'delivery-acquire', text: ACQUIRE, values: [partition] });
    return partitionState(rows[0]);
  }

  /** @throws PartitionLost when another worker has taken the partition */
  async commit({ state, batch, subjects, parked, settled }: BatchEffects): Promise<void> {
    const blocks = batch?.ledger.blocks ?? [];
    const lanes = lastOfEachLane(blocks);
    const { rows } = await this.pool.query<{ owned: number }>({
      name: 'delivery-commit',
      text: COMMIT,
      values: [
        state.partition,
        state.epoch,
        state.registryOffset,
        state.consentOffset,
        state.vettingOffset,
        state.registryMark.xid,
        state.registryMark.position,
        state.consentMark.xid,
        state.consentMark.position,
        state.vettingMark.xid,
        state.vettingMark.position,
        state.ledgerSequence,
        state.ledgerDigest,
        state.dispatchedSequence,
        new Date(batch?.ledger.decidedAt ?? 0),
        batch?.content ?? null,
        blocks.map((block) => block.agency),
        blocks.map((block) => block.first),
        blocks.map((block) => block.count),
        Buffer.concat(blocks.map((block) => block.digest)),
        blocks.map((_, i) => i * 32 + 1),
        lanes.map(([agency]) => agency),
        lanes.map(([, i]) => blocks[i]!.first + blocks[i]!.count - 1),
        lanes.map(([, i]) => i * 32 + 1),
        [...subjects.keys()],
        [...subjects.values()].map((grants) => JSON.stringify(grants)),
        parked.map((one) => one.offset),
        parked.map((one) => one.subject),
        parked.map((one) => one.reason),
        settled,
      ],
    });
    if (rows[0]?.owned !== 1) throw new PartitionLost(`partition ${state.partition} has a newer owner`);
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

function lastOfEachLane(blocks: readonly LedgerBlock[]): [string, number][] {
  const last = new Map<string, number>();
  for (const [i, block] of blocks.entries()) last.set(block.agency, i);
  return [...last];
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
