import {
  type AttributeSet,
  type GrantMode,
  type LedgerBatch,
  type LedgerDecision,
  type LedgerSource,
  type PolicyChange,
  type PurposeCode,
  SOURCE_KIND,
} from '@sluice/contracts';
import type { Accreditations } from './agency.js';
import { decideChange, decideSnapshot } from './decide.js';
import type { Grant } from './grant.js';
import { withdraws } from './policy.js';

/** What was decided about one source event under one grant, and what would have been. */
export interface TriedDecision {
  subject: string;
  agency: string;
  purpose: PurposeCode;
  /** What was delivered; null where nothing was. A snapshot may have been delivered empty. */
  before: AttributeSet | null;
  after: AttributeSet | null;
  /** Whether deciding under what held then gives what is recorded. If not, nothing is said of the policy: `after` is `before`. */
  reproduced: boolean;
}

/** What a batch is decided under once more. */
export interface Policy {
  /** What vetting allowed when the batch was decided. */
  then: Accreditations;
  /** The same, if the policy had held. */
  proposed: Accreditations;
  changes: readonly PolicyChange[];
}

type Batch = Pick<LedgerBatch, 'sources' | 'decisions' | 'decidedAt'>;

/** Decisions about one source event under one grant; never none. */
type Recorded = [LedgerDecision, ...LedgerDecision[]];

/**
 * Decides a batch of the ledger again. What a decision depended on is in its record: the attributes that the grant and the
 * event had in common, whether it was paused, outside its validity or waiting, and the time. Left out are notices,
 * which go out whatever the policy is, and what a replay repeated.
 */
export function decideUnderPolicy(batch: Batch, policy: Policy): TriedDecision[] {
  const tried: TriedDecision[] = [];
  for (const recorded of byGrant(batch)) {
    const [{ source: index, agency, purpose }] = recorded;
    const source = batch.sources[index]!;
    if (purpose === null || !isAboutValues(source) || source.replay !== undefined) continue;
    const before = deliveredIn(recorded);
    const about = { subject: source.subject, agency, purpose, before };
    // Nobody had the values any more: no policy would have brought them anywhere.
    if (recorded.some(({ outcome }) => outcome === 'subject-erased')) {
      tried.push({ ...about, after: null, reproduced: true });
      continue;
    }
    const grant = grantThen(recorded, source, policy.then, batch.decidedAt);
    tried.push({
      ...about,
      after: grant === undefined ? before : afterwards(grant, source, policy, batch.decidedAt),
      reproduced: grant !== undefined,
    });
  }
  return tried;
}

function afterwards(
  grant: Grant,
  source: LedgerSource,
  { changes, proposed }: Policy,
  now: number,
): AttributeSet | null {
  if (withdraws(changes, grant.agency, grant.purpose)) return null;
  return deliveredIn(decide(grant, source, proposed, now));
}

/** Decisions stand in the ledger by block; here by source event and grant. */
function byGrant({ decisions }: Batch): Iterable<Recorded> {
  const groups = new Map<string, Recorded>();
  for (const decision of decisions) {
    const key = `${decision.source} ${decision.grant}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [decision]);
    else group.push(decision);
  }
  return groups.values();
}

function isAboutValues({ kind }: LedgerSource): boolean {
  return kind === SOURCE_KIND.registered || kind === SOURCE_KIND.changed || kind === SOURCE_KIND.snapshot;
}

function deliveredIn(decisions: readonly LedgerDecision[]): AttributeSet | null {
  return decisions.find(({ outcome }) => outcome === 'delivered')?.attributes ?? null;
}

/**
 * The grant as far as the decision depended on it; undefined where no such grant would have led to what is recorded. A
 * snapshot answers grants of two modes, and the ledger does not say which: the one that reproduces it.
 */
function grantThen(recorded: Recorded, source: LedgerSource, then: Accreditations, now: number): Grant | undefined {
  const modes: readonly GrantMode[] = source.kind === SOURCE_KIND.snapshot ? ['stream', 'snapshot'] : ['stream'];
  for (const mode of modes) {
    const grant = grantIn(recorded, source, mode);
    if (sameDecisions(decide(grant, source, then, now), recorded)) return grant;
  }
  return undefined;
}

function grantIn(recorded: Recorded, source: LedgerSource, mode: GrantMode): Grant {
  const [{ grant, grantVersion, agency, purpose, basis }] = recorded;
  const outcomes = new Set(recorded.map(({ outcome }) => outcome));
  return {
    grant,
    version: grantVersion,
    agency,
    purpose: purpose!,
    basis: basis!,
    // A snapshot holds what the grant covers; of a change, the decisions name what both have in common.
    attributes:
      source.kind === SOURCE_KIND.snapshot
        ? source.attributes
        : recorded.reduce((set, { attributes }) => (set | attributes) >>> 0, 0),
    mode,
    validFrom: 0,
    validUntil: outcomes.has('outside-validity') ? 0 : Number.POSITIVE_INFINITY,
    paused: outcomes.has('grant-paused'),
    awaiting: outcomes.has('awaiting-snapshot') ? grantVersion : null,
  };
}

function decide(grant: Grant, source: LedgerSource, accreditations: Accreditations, now: number): LedgerDecision[] {
  if (source.kind !== SOURCE_KIND.snapshot) return decideChange(0, source.attributes, [grant], accreditations, now);
  const answers = { grant: grant.grant, grantVersion: grant.version };
  return decideSnapshot(0, source.attributes, answers, [grant], accreditations, now);
}

function sameDecisions(some: readonly LedgerDecision[], others: readonly LedgerDecision[]): boolean {
  return (
    some.length === others.length &&
    some.every((one) => others.some((other) => other.outcome === one.outcome && other.attributes === one.attributes))
  );
}
