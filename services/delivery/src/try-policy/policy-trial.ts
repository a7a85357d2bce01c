import { setTimeout as sleep } from 'node:timers/promises';
import { decodeLedgerBatch, type PolicyChange } from '@sluice/contracts';
import { type Accreditations, decideUnderPolicy, underPolicy } from '@sluice/decision';
import type { AccreditationHistory } from './accreditation-history.js';
import type { LedgerHistory } from './ledger-history.js';
import { Tally } from './tally.js';

/** A part ends at the first of these: what one answer may cost, in memory and in time. */
const MAX_DECISIONS = 20_000;
const MAX_PERSONS = 5_000;
const MAX_MS = 2_000;

export interface TrialRange {
  partition: number;
  /** Batches above this sequence. */
  after: number;
  from: Date | undefined;
  to: Date;
}

export interface TrialPart {
  tally: Tally;
  batches: number;
  /** The last sequence that was looked at. */
  sequence: number;
  /** Whether the partition has nothing more in this range. */
  finished: boolean;
}

/** Decides the ledger again under a policy, beside the work that must not wait for it. */
export class PolicyTrial {
  constructor(
    private readonly ledger: LedgerHistory,
    private readonly history: AccreditationHistory,
  ) {}

  async part({ partition, after, from, to }: TrialRange, changes: readonly PolicyChange[]): Promise<TrialPart> {
    const tally = new Tally();
    const startedAt = performance.now();
    const proposals = new Map<Accreditations, Accreditations>();
    let sequence = after;
    let batches = 0;
    for await (const batch of this.ledger.batchesAfter(partition, after)) {
      if (batch.decidedAt >= to) return { tally, batches, sequence, finished: true };
      sequence = batch.sequence;
      if (from !== undefined && batch.decidedAt < from) continue;
      const begun = performance.now();
      const ledger = decodeLedgerBatch(batch.content);
      const then = await this.history.before(ledger.vettingOffset);
      let proposed = proposals.get(then);
      if (proposed === undefined) {
        proposed = underPolicy(then, changes);
        proposals.set(then, proposed);
      }
      for (const tried of decideUnderPolicy(ledger, { then, proposed, changes })) tally.add(tried);
      batches += 1;
      const spent = tally.decisions >= MAX_DECISIONS || tally.persons >= MAX_PERSONS;
      if (spent || performance.now() - startedAt >= MAX_MS) return { tally, batches, sequence, finished: false };
      // Live changes go first: at most every other millisecond of this process is spent here.
      await sleep(performance.now() - begun);
    }
    return { tally, batches, sequence, finished: true };
  }
}
