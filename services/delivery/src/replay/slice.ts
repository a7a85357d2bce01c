import type { LedgerDecision } from '@sluice/contracts';
import type { PresentValues } from '../domain/present-values.js';
import type { RegistrySource, Source } from '../partition/read-sources.js';

/** A source event that is to be decided once more. */
export interface ReplayEntry {
  source: Source | RegistrySource;
  /** The delivery that is repeated; absent where present values are sent. */
  recorded?: LedgerDecision;
}

/** What of a replay goes into a worker's next batch. */
export interface ReplaySlice {
  replay: string;
  agency: string;
  entries: readonly ReplayEntry[];
  /** Says which values are still present when the slice is decided; for replays of present values. */
  present?: PresentValues;
  /** Where the lane stands after it. */
  next: bigint;
  done: boolean;
}

/** A lane's part of a running replay, as committed. */
export interface ReplayPart {
  replay: string;
  agency: string;
  kind: 'range' | 'entitled';
  next: bigint;
  /** The first that is not taken. */
  ends: bigint;
  /** Source events per second, of this lane. */
  rate: number;
}

/** Brings a lane's part of a replay forward, a bounded piece of work at a time. Lives as long as the worker owns the lane. */
export interface ReplayRun {
  /** Whether something can be taken; does at most one read of Kafka and one of PostgreSQL towards it. */
  prepare(decidedUntil: bigint): Promise<boolean>;
  /** Where the lane stands after the last slice that was taken. */
  readonly next: bigint;
  /** @param most source events */
  take(most: number): ReplaySlice;
}
