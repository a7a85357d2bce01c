import {
  ALL_ATTRIBUTES,
  type AttributeSet,
  attributeSet,
  type PolicyChange,
  type ProblemDetail,
  type PurposeCode,
} from '@sluice/contracts';
import type { Accreditation, Accreditations } from './agency.js';

/** The accreditations if the changes held, one after the other. */
export function underPolicy(accreditations: Accreditations, changes: readonly PolicyChange[]): Accreditations {
  const proposed = new Map(accreditations);
  for (const change of changes) {
    const agencies = change.kind === 'narrow-purpose' ? [...proposed.keys()] : [change.agency];
    for (const agency of agencies) {
      const present = proposed.get(agency);
      if (present !== undefined) proposed.set(agency, changed(present, change));
    }
  }
  return proposed;
}

function changed(present: Accreditation, change: PolicyChange): Accreditation {
  switch (change.kind) {
    case 'suspend-agency':
      return present.state === 'accredited' ? { ...present, state: 'suspended' } : present;
    case 'restore-agency':
      return present.state === 'suspended' ? { ...present, state: 'accredited' } : present;
    case 'revoke-accreditation':
      return { ...present, state: 'revoked' };
    case 'narrow-accreditation': {
      const removed = change.remove === undefined ? ALL_ATTRIBUTES : attributeSet(change.remove);
      return withAttributes(present, change.purpose, (set) => set & ~removed);
    }
    case 'narrow-purpose': {
      const removed = attributeSet(change.remove);
      return withAttributes(present, change.purpose, (set) => set & ~removed);
    }
    case 'widen-accreditation': {
      const added = attributeSet(change.add);
      return withAttributes(present, change.purpose, (set) => set | added);
    }
    case 'withdraw-grants':
      return present;
  }
}

/** A purpose that the agency is not accredited for stays one. */
function withAttributes(
  present: Accreditation,
  purpose: PurposeCode,
  change: (set: AttributeSet) => number,
): Accreditation {
  const entry = present.receives.get(purpose);
  if (entry === undefined) return present;
  const receives = new Map(present.receives);
  receives.set(purpose, { ...entry, attributes: change(entry.attributes) >>> 0 });
  return { ...present, receives };
}

/** Whether a grant to this agency for this purpose would be withdrawn. */
export function withdraws(changes: readonly PolicyChange[], agency: string, purpose: PurposeCode): boolean {
  return changes.some(
    (change) => change.kind === 'withdraw-grants' && change.agency === agency && change.purpose === purpose,
  );
}

/** The agencies a policy is about; undefined where it may be about any. */
export function agenciesOf(changes: readonly PolicyChange[]): string[] | undefined {
  const agencies = new Set<string>();
  for (const change of changes) {
    if (change.kind === 'narrow-purpose') return undefined;
    agencies.add(change.agency);
  }
  return [...agencies];
}

/** Places that name an agency which was never accredited: a policy about nobody is a slip of the pen. */
export function unknownAgencies(changes: readonly PolicyChange[], known: Accreditations): ProblemDetail[] {
  return changes.flatMap((change, index) =>
    change.kind === 'narrow-purpose' || known.has(change.agency)
      ? []
      : [{ path: `body.proposal.changes[${index}].agency`, rule: 'accredited-once' }],
  );
}
