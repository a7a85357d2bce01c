import {
  type AttributeCode,
  type AttributeSet,
  attributeSet,
  type GrantMode,
  NIL_UUID,
  type PolicyChange,
  type PurposeCode,
} from '@sluice/contracts';
import { type Accreditations, type Grant, reachOf, underPolicy, withdraws } from '@sluice/decision';

/** Active grants with the same terms. */
export interface AlikeGrants {
  readonly agency: string;
  readonly purpose: PurposeCode;
  readonly mode: GrantMode;
  readonly attributes: readonly AttributeCode[];
  readonly grants: number;
}

export interface TouchedGrants {
  agency: string;
  purpose: PurposeCode;
  active: number;
  stopped: number;
  narrowed: number;
  widened: number;
}

/** How many active grants a policy would touch, by agency and purpose; those of which it touches none are left out. */
export function touchedGrants(
  groups: readonly AlikeGrants[],
  accreditations: Accreditations,
  changes: readonly PolicyChange[],
  now: number,
): TouchedGrants[] {
  const proposed = underPolicy(accreditations, changes);
  const found = new Map<string, TouchedGrants>();
  for (const group of groups) {
    const { agency, purpose, grants } = group;
    const key = `${agency} ${purpose}`;
    const touched = found.get(key) ?? { agency, purpose, active: 0, stopped: 0, narrowed: 0, widened: 0 };
    found.set(key, touched);
    touched.active += grants;
    const grant = grantLike(group);
    const withdrawn = withdraws(changes, agency, purpose);
    const effect = effectOn(
      withdrawn && group.mode === 'query' ? grant.attributes : reachOf(grant, accreditations, now).receives,
      withdrawn ? 0 : reachOf(grant, proposed, now).receives,
    );
    if (effect !== undefined) touched[effect] += grants;
  }
  return [...found.values()].filter(({ stopped, narrowed, widened }) => stopped + narrowed + widened > 0);
}

function effectOn(before: AttributeSet, after: AttributeSet): 'stopped' | 'narrowed' | 'widened' | undefined {
  if (before === after) return undefined;
  if (after === 0) return 'stopped';
  return (before & ~after) >>> 0 === 0 ? 'widened' : 'narrowed';
}

/** One of them, in force. */
function grantLike({ agency, purpose, mode, attributes }: AlikeGrants): Grant {
  return {
    grant: NIL_UUID,
    version: 1,
    agency,
    purpose,
    basis: 'consent',
    attributes: attributeSet(attributes),
    mode,
    validFrom: 0,
    validUntil: Number.POSITIVE_INFINITY,
    paused: false,
    awaiting: null,
  };
}
