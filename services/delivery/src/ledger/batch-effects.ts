import type { LedgerBlock } from '@sluice/contracts';
import type { Grant } from '@sluice/decision';
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

/** Where a lane of a replay stands after a batch, and what became of the source events in it. */
export interface ReplayProgress {
  replay: string;
  next: bigint;
  done: boolean;
  delivered: number;
  refused: number;
  skipped: number;
}

/** A batch's row in the ledger. `content` has everything; a batch's sources and decisions as objects are not kept for so long. */
export interface LedgerRow {
  sequence: number;
  decidedAt: number;
  blocks: readonly LedgerBlock[];
  content: Buffer;
}

/** Everything one batch changes, to be committed together. */
export interface BatchEffects {
  state: PartitionState;
  /** Absent where nothing had to be decided. */
  batch?: LedgerRow;
  /** New grants of every person that a consent or snapshot event touched. */
  subjects: ReadonlyMap<string, readonly Grant[]>;
  parked: readonly { offset: bigint; subject: string; reason: string }[];
  /** Offsets of parked changes that are settled by this batch. */
  settled: readonly bigint[];
  /** How far a replay has come with it. */
  replayed?: ReplayProgress;
}
