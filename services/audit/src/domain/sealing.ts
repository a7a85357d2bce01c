import type { HistoryEntry, SealMark } from '@sluice/contracts';
import { concerns } from './history-lines.js';

/** An order that was approved; times are ms since 1970. */
export interface Seal {
  seal: string;
  agency: string;
  purpose?: string | undefined;
  instrument: string;
  /** Entries from here on; undefined: all. */
  since?: number | undefined;
  sealedFrom: number;
  /** When it lifts by itself. */
  until: number;
  /** When it was annulled before. */
  liftedAt?: number | undefined;
}

/** What a seal looks at. */
export type SealedFacts = Pick<HistoryEntry, 'at' | 'kind' | 'actor' | 'recipient' | 'purpose'>;

/** Whether an entry is kept from its person at `now`, and by which order. The one place that says so. */
export function sealedNow(entry: SealedFacts, seals: readonly Seal[], now: number): SealMark | undefined {
  const holding = seals.find((seal) => holds(seal, now) && covers(seal, entry));
  return holding && markOf(holding);
}

/** Which order kept an entry from its person, until it lifted; the last one, where there were several. */
export function sealedBefore(entry: SealedFacts, seals: readonly Seal[], now: number): SealMark | undefined {
  const lifted = seals.filter((seal) => !holds(seal, now) && covers(seal, entry));
  const last = lifted.toSorted((a, b) => endOf(b) - endOf(a))[0];
  return last && markOf(last);
}

function holds(seal: Seal, now: number): boolean {
  return seal.sealedFrom <= now && now < endOf(seal);
}

function endOf({ until, liftedAt }: Seal): number {
  return liftedAt === undefined ? until : Math.min(until, liftedAt);
}

/**
 * Whatever the agency received, was refused or did, before and while the order held. An entry that names no purpose is
 * covered by an order that names one: what the law seals must not show because something was not said. A person's own
 * cases are theirs.
 */
function covers(seal: Seal, entry: SealedFacts): boolean {
  const at = Date.parse(entry.at);
  return (
    concerns(entry, seal.agency) &&
    entry.kind !== 'case' &&
    (entry.kind !== 'seal' || at < seal.sealedFrom) &&
    (seal.purpose === undefined || entry.purpose === undefined || entry.purpose === seal.purpose) &&
    (seal.since === undefined || at >= seal.since) &&
    at < endOf(seal)
  );
}

function markOf(seal: Seal): SealMark {
  return {
    seal: seal.seal,
    instrument: seal.instrument,
    from: new Date(seal.sealedFrom).toISOString(),
    until: new Date(endOf(seal)).toISOString(),
  };
}
