import {
  type AttributeSet,
  LANES,
  type LedgerDecision,
  type Outcome,
  type ReplayImpact,
  type SourceKind,
} from '@sluice/contracts';
import { type Agencies, decideAgain, decideChange, type Grant } from '@sluice/decision';

/** A delivery that a plan would repeat. */
export interface PastDelivery {
  decision: LedgerDecision;
  kind: SourceKind;
  /** The nil uuid in notices about the agency itself. */
  subject: string;
}

/** What repeating these deliveries of one lane would do now. */
export function impactOfRange(
  lane: number,
  past: readonly PastDelivery[],
  grantsOf: (subject: string) => readonly Grant[],
  agencies: Agencies,
  now: number,
): ReplayImpact {
  const decisions = past.flatMap(({ decision, kind, subject }, i) =>
    decideAgain(i, kind, decision, grantsOf(subject), agencies, now),
  );
  return {
    lanes: [lane],
    sourceEvents: past.length,
    persons: new Set(past.filter(({ decision }) => decision.purpose !== null).map(({ subject }) => subject)).size,
    deliveries: decisions.filter(({ outcome }) => outcome === 'delivered').length,
    refusals: countRefusals(decisions),
  };
}

/**
 * What sending all present values would do now, judged by the grants alone. A present value comes with the event that set
 * it, so a person's values are no more deliveries than attributes.
 */
export function impactOfEntitled(
  granting: readonly (readonly Grant[])[],
  agencies: Agencies,
  now: number,
): ReplayImpact {
  const decisions = granting.map((grants) =>
    grants.flatMap((grant) => decideChange(0, grant.attributes, [grant], agencies, now)),
  );
  const all = decisions.flat();
  return {
    lanes: Array.from({ length: LANES }, (_, lane) => lane),
    persons: decisions.filter((ofPerson) => ofPerson.length > 0).length,
    deliveries: all
      .filter(({ outcome }) => outcome === 'delivered')
      .reduce((sum, { attributes }) => sum + sizeOf(attributes), 0),
    refusals: countRefusals(all),
  };
}

function countRefusals(decisions: readonly LedgerDecision[]): ReplayImpact['refusals'] {
  const counts = new Map<Outcome, number>();
  for (const { outcome } of decisions) {
    if (outcome !== 'delivered') counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return [...counts].map(([outcome, count]) => ({ outcome, count }));
}

function sizeOf(attributes: AttributeSet): number {
  let size = 0;
  for (let rest = attributes; rest !== 0; rest &= rest - 1) size += 1;
  return size;
}
