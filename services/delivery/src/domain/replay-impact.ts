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
    refusals: listed(countRefusals(decisions)),
  };
}

/**
 * What sending all present values would do now, judged by the grants alone. A present value comes with the event that set
 * it, so a person's values are no more deliveries than attributes.
 */
export class EntitledImpact {
  #persons = 0;
  #deliveries = 0;
  readonly #refusals = new Map<Outcome, number>();

  constructor(
    private readonly agencies: Agencies,
    private readonly now: number,
  ) {}

  /** @param grants one person's, to the agency */
  add(grants: readonly Grant[]): void {
    const decisions = grants.flatMap((grant) => decideChange(0, grant.attributes, [grant], this.agencies, this.now));
    if (decisions.length > 0) this.#persons += 1;
    for (const { outcome, attributes } of decisions) {
      if (outcome === 'delivered') this.#deliveries += sizeOf(attributes);
    }
    countRefusals(decisions, this.#refusals);
  }

  get impact(): ReplayImpact {
    return {
      lanes: Array.from({ length: LANES }, (_, lane) => lane),
      persons: this.#persons,
      deliveries: this.#deliveries,
      refusals: listed(this.#refusals),
    };
  }
}

function countRefusals(decisions: readonly LedgerDecision[], counts = new Map<Outcome, number>()) {
  for (const { outcome } of decisions) {
    if (outcome !== 'delivered') counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return counts;
}

function listed(counts: ReadonlyMap<Outcome, number>): ReplayImpact['refusals'] {
  return [...counts].map(([outcome, count]) => ({ outcome, count }));
}

function sizeOf(attributes: AttributeSet): number {
  let size = 0;
  for (let rest = attributes; rest !== 0; rest &= rest - 1) size += 1;
  return size;
}
