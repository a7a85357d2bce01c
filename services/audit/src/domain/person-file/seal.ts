import { SEAL_APPROVED, SEAL_DRAFTED, SEAL_LIFTED, SEAL_REFUSED } from '@sluice/contracts';
import type { FileDecision, LivingSeal, PersonFile, SealTerms } from './person-file.js';

/** `by` is `staff:…`, or `service:audit` where the time has come. */
export type SealMove =
  | { readonly move: 'approve'; readonly by: string }
  | { readonly move: 'refuse'; readonly by: string; readonly reason: string }
  | { readonly move: 'annul'; readonly reason: string }
  | { readonly move: 'expire' };

/** The life cycle: every move that is not listed here is refused. */
const FROM: Readonly<Record<SealMove['move'], LivingSeal['state']>> = {
  approve: 'drafted',
  refuse: 'drafted',
  annul: 'sealed',
  expire: 'sealed',
};

export function draft(terms: SealTerms, by: string, now: Date): FileDecision {
  if (Date.parse(terms.until) <= now.getTime()) return { refused: 'wrong-state' };
  return { type: SEAL_DRAFTED, data: { ...termsOf(terms), sealVersion: 1, by } };
}

export interface SealFacts {
  now: Date;
  ifMatch?: number | undefined;
}

/** Moves an order; one that is over is not in the file any more. */
export function moveSeal(file: PersonFile, id: string, move: SealMove, { now, ifMatch }: SealFacts): FileDecision {
  const seal = file.seals[id];
  if (seal === undefined) return { refused: 'wrong-state' };
  if (ifMatch !== undefined && ifMatch !== seal.version) return { refused: 'stale-version' };
  if (seal.state !== FROM[move.move]) return { refused: 'wrong-state' };
  const isOver = Date.parse(seal.until) <= now.getTime();
  const next = { ...termsOf(seal), sealVersion: seal.version + 1 };
  switch (move.move) {
    case 'approve':
      if (move.by === seal.draftedBy) return { refused: 'same-person' };
      if (isOver) return { refused: 'wrong-state' };
      return { type: SEAL_APPROVED, data: { ...next, by: move.by, at: now.toISOString() } };
    case 'refuse':
      return { type: SEAL_REFUSED, data: { ...next, by: move.by, reason: move.reason } };
    case 'annul': {
      const lifted = { sealedFrom: seal.sealedFrom!, liftedAt: now.toISOString() };
      return { type: SEAL_LIFTED, data: { ...next, ...lifted, because: 'annulled', reason: move.reason } };
    }
    case 'expire': {
      if (!isOver) return { refused: 'wrong-state' };
      return {
        type: SEAL_LIFTED,
        data: { ...next, sealedFrom: seal.sealedFrom!, liftedAt: seal.until, because: 'expired' },
      };
    }
  }
}

function termsOf({ seal, subject, agency, purpose, instrument, since, until }: SealTerms) {
  return {
    seal,
    subject,
    agency,
    ...(purpose !== undefined && { purpose }),
    instrument,
    ...(since !== undefined && { since }),
    until,
  };
}
