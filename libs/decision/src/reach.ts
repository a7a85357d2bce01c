import type { AttributeSet, Outcome } from '@sluice/contracts';
import type { Accreditations } from './agency.js';
import { decideChange, decideSnapshot } from './decide.js';
import type { Grant } from './grant.js';

/** What a grant lets through to its recipient, and what not. */
export interface Reach {
  receives: AttributeSet;
  withheld: AttributeSet;
  /** Why something is withheld: the reason delivery would record; `query-only` where the grant delivers nothing by itself. */
  because: Exclude<Outcome, 'delivered'> | 'query-only' | null;
}

/** What the recipient would be sent of a change that touched every attribute of the grant, decided as delivery decides. */
export function reachOf(grant: Grant, accreditations: Accreditations, now: number): Reach {
  const { attributes } = grant;
  if (grant.mode === 'query') return { receives: 0, withheld: attributes, because: 'query-only' };
  const answers = { grant: grant.grant, grantVersion: grant.version };
  const decisions =
    grant.mode === 'snapshot'
      ? decideSnapshot(0, attributes, answers, [grant], accreditations, now)
      : decideChange(0, attributes, [grant], accreditations, now);
  const receives = decisions.find(({ outcome }) => outcome === 'delivered')?.attributes ?? 0;
  const withheld = (attributes & ~receives) >>> 0;
  if (withheld === 0) return { receives, withheld, because: null };
  for (const { outcome } of decisions) if (outcome !== 'delivered') return { receives, withheld, because: outcome };
  // A snapshot is cut to the accreditation without a decision of its own.
  return { receives, withheld, because: 'accreditation-narrower' };
}
