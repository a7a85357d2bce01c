import { type LedgerDecision, SOURCE_KIND, type SourceKind } from '@sluice/contracts';
import type { Accreditations } from './agency.js';
import { refusalOf } from './decide.js';
import type { Grant } from './grant.js';

const WITH_VALUES: ReadonlySet<SourceKind> = new Set([
  SOURCE_KIND.registered,
  SOURCE_KIND.changed,
  SOURCE_KIND.snapshot,
]);

/**
 * A recorded delivery decided once more, under the grants and accreditations of now: never more than was delivered then,
 * and of that what is allowed today. Notices hold no value and go out as they were.
 *
 * @param source index of the source event in the batch that is being decided
 * @param kind of the source event
 * @param recorded the recorded decision, a delivery
 */
export function decideAgain(
  source: number,
  kind: SourceKind,
  recorded: LedgerDecision,
  grants: readonly Grant[],
  agencies: Accreditations,
  now: number,
): LedgerDecision[] {
  if (!WITH_VALUES.has(kind)) return [{ ...recorded, source }];
  const grant = grants.find((one) => one.grant === recorded.grant);
  if (grant === undefined) return [{ ...recorded, source, outcome: 'no-longer-granted' }];
  const today = { ...recorded, source, grantVersion: grant.version, purpose: grant.purpose, basis: grant.basis };
  const agency = agencies.get(grant.agency);
  const refused = refusalOf(grant, agency, now) ?? (grant.awaiting === null ? null : 'awaiting-snapshot');
  if (refused !== null) return [{ ...today, outcome: refused }];

  const accredited = agency!.receives.get(grant.purpose)!.attributes;
  const granted = (recorded.attributes & grant.attributes) >>> 0;
  const released = (granted & accredited) >>> 0;
  const beyondGrant = (recorded.attributes & ~grant.attributes) >>> 0;
  const beyondScope = (granted & ~accredited) >>> 0;
  const decisions: LedgerDecision[] = [];
  // A snapshot can have been empty: it said that the stream begins.
  if (released !== 0 || recorded.attributes === 0)
    decisions.push({ ...today, outcome: 'delivered', attributes: released });
  if (beyondGrant !== 0) decisions.push({ ...today, outcome: 'no-longer-granted', attributes: beyondGrant });
  if (beyondScope !== 0) decisions.push({ ...today, outcome: 'accreditation-narrower', attributes: beyondScope });
  return decisions;
}
