import { type AttributeSet, type LedgerDecision, NIL_UUID, type Outcome } from '@sluice/contracts';
import type { Accreditation, Accreditations } from './agency.js';
import type { Grant } from './grant.js';

/**
 * Who may have which of the changed attributes. A function of its arguments alone, so that replay under the
 * recorded versions gives the same answer. `now` is the batch's one clock reading, ms since 1970.
 *
 * A grant that none of the changed attributes touches gives no decision: not even the fact of a change is
 * for its recipient.
 */
export function decideChange(
  source: number,
  changed: AttributeSet,
  grants: readonly Grant[],
  agencies: Accreditations,
  now: number,
): LedgerDecision[] {
  const decisions: LedgerDecision[] = [];
  for (const grant of grants) {
    const wanted = (changed & grant.attributes) >>> 0;
    if (wanted === 0 || grant.mode !== 'stream') continue;
    const agency = agencies.get(grant.agency);
    const refused = refusalOf(grant, agency, now) ?? (grant.awaiting === null ? null : 'awaiting-snapshot');
    if (refused !== null) decisions.push(decision(source, grant, wanted, refused));
    else pushWithinScope(decisions, source, grant, agency!, wanted);
  }
  return decisions;
}

/**
 * The snapshot that answers a new, widened, resumed or restored grant. An empty one is sent too: it tells
 * the recipient that the stream begins. `erased`: the values can no longer be opened.
 */
export function decideSnapshot(
  source: number,
  present: AttributeSet,
  answers: { grant: string; grantVersion: number },
  grants: readonly Grant[],
  agencies: Accreditations,
  now: number,
): LedgerDecision[] {
  const grant = grants.find((one) => one.grant === answers.grant);
  if (grant === undefined || grant.mode === 'query') return [];
  const wanted = (present & grant.attributes) >>> 0;
  const agency = agencies.get(grant.agency);
  const refused = refusalOf(grant, agency, now);
  if (refused !== null) return [decision(source, grant, wanted, refused)];
  const allowed = agency!.receives.get(grant.purpose)?.attributes ?? 0;
  return [decision(source, grant, (wanted & allowed) >>> 0, 'delivered')];
}

/** The notice of a stop, a pause or a narrowing: it goes out whatever the agency’s state, and bears the fence. */
export function decideGrantNotice(source: number, grant: Omit<Grant, 'paused' | 'awaiting'>): LedgerDecision {
  return decision(source, grant, grant.attributes, 'delivered');
}

/** The notice to an agency about itself. */
export function decideAgencyNotice(source: number, agency: string): LedgerDecision {
  return {
    source,
    agency,
    outcome: 'delivered',
    grant: NIL_UUID,
    grantVersion: 0,
    attributes: 0,
    purpose: null,
    basis: null,
  };
}

/** Why a grant releases nothing at this time, whatever the attributes; null where it does. */
export function refusalOf(grant: Grant, agency: Accreditation | undefined, now: number): Outcome | null {
  if (grant.paused) return 'grant-paused';
  if (now < grant.validFrom || now >= grant.validUntil) return 'outside-validity';
  if (agency === undefined || agency.state === 'revoked' || now >= agency.until) return 'not-accredited';
  if (agency.state === 'suspended') return 'agency-suspended';
  if (!agency.receives.get(grant.purpose)?.modes.has(grant.mode)) return 'accreditation-narrower';
  return null;
}

/** What the accreditation covers is released, the rest refused: the grant may be older and wider than it. */
function pushWithinScope(
  decisions: LedgerDecision[],
  source: number,
  grant: Grant,
  agency: Accreditation,
  wanted: AttributeSet,
): void {
  const allowed = agency.receives.get(grant.purpose)!.attributes;
  const released = (wanted & allowed) >>> 0;
  const beyond = (wanted & ~allowed) >>> 0;
  if (released !== 0) decisions.push(decision(source, grant, released, 'delivered'));
  if (beyond !== 0) decisions.push(decision(source, grant, beyond, 'accreditation-narrower'));
}

function decision(
  source: number,
  grant: Omit<Grant, 'paused' | 'awaiting'>,
  attributes: AttributeSet,
  outcome: Outcome,
): LedgerDecision {
  return {
    source,
    agency: grant.agency,
    outcome,
    grant: grant.grant,
    grantVersion: grant.version,
    attributes,
    purpose: grant.purpose,
    basis: grant.basis,
  };
}
