import { type AccreditationScope, AGENCY_ACCREDITED, AGENCY_APPROVED_ONCE } from '@sluice/contracts';
import { type Agency, accept, type Decision, evolve, nextOf } from './agency.js';
import { beyondCatalogue, isSameScope, isWithin } from './scope.js';

/**
 * Two reviewers, two persons, one scope. Each names the scope it allows, or leaves it out for the one applied for;
 * the second one accredits.
 */
export function approve(
  agency: Agency | undefined,
  approval: { by: string; scope?: AccreditationScope | undefined },
  now: number,
): Decision {
  if (agency === undefined) return { refused: 'unknown-agency' };
  switch (agency.state) {
    case 'applied':
      return approveFirst(agency, approval.by, approval.scope ?? agency.appliedFor, now);
    case 'approved-once':
      return accredit(agency, approval.by, approval.scope ?? agency.appliedFor, now);
    default:
      return { refused: 'wrong-state' };
  }
}

function approveFirst(agency: Agency, by: string, scope: AccreditationScope, now: number): Decision {
  const beyond = beyondCatalogue(scope, now);
  if (beyond !== undefined) return beyond;
  if (!isWithin(scope, agency.appliedFor)) return { refused: 'outside-purpose' };
  const event = { type: AGENCY_APPROVED_ONCE, data: { ...nextOf(agency), by } } as const;
  // The event does not say what was approved; the accreditation that follows does.
  return { event, agency: { ...evolve(agency, event), scope } };
}

function accredit(agency: Agency, by: string, scope: AccreditationScope, now: number): Decision {
  if (by === agency.approvedBy) return { refused: 'same-person' };
  const beyond = beyondCatalogue(scope, now);
  if (beyond !== undefined) return beyond;
  if (!isSameScope(scope, agency.scope)) return { refused: 'outside-purpose' };
  const { details, publicKey } = agency;
  return accept(agency, {
    type: AGENCY_ACCREDITED,
    data: { ...nextOf(agency), details, scope: agency.scope, publicKey, keyEpoch: 1 },
  });
}
