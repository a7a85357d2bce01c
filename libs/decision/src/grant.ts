import {
  type AttributeSet,
  attributeSet,
  type ConsentEventData,
  type ConsentEventType,
  GRANT_ACTIVATED,
  GRANT_NARROWED,
  GRANT_PAUSED,
  GRANT_RESUMED,
  GRANT_SNAPSHOT_REQUESTED,
  GRANT_STOPPED,
  GRANT_WIDENED,
  type GrantMode,
  type GrantTerms,
  type LawfulBasis,
  type PurposeCode,
} from '@sluice/contracts';

/** What delivery has to know of a grant that is active or paused. Times in ms since 1970. */
export interface Grant {
  grant: string;
  /** The grant's version that decisions name. */
  version: number;
  agency: string;
  purpose: PurposeCode;
  basis: LawfulBasis;
  attributes: AttributeSet;
  mode: GrantMode;
  validFrom: number;
  validUntil: number;
  paused: boolean;
  /** The version whose snapshot is still to come: changes wait for it, because it will contain them. */
  awaiting: number | null;
}

/**
 * A person's grants after a grant event. Events of a life cycle that has not reached delivery (requests,
 * offers, reviews) leave them as they are.
 */
export function evolveGrants(
  grants: readonly Grant[],
  type: ConsentEventType,
  data: ConsentEventData<ConsentEventType>,
): readonly Grant[] {
  const others = grants.filter((grant) => grant.grant !== data.grant);
  switch (type) {
    case GRANT_ACTIVATED:
    case GRANT_RESUMED:
    case GRANT_WIDENED:
    case GRANT_SNAPSHOT_REQUESTED:
      return [...others, grantOf(data, { paused: false, awaiting: data.grantVersion })];
    case GRANT_PAUSED:
      return [...others, grantOf(data, { paused: true, awaiting: null })];
    case GRANT_NARROWED: {
      const before = grants.find((grant) => grant.grant === data.grant);
      return [...others, grantOf(data, { paused: before?.paused ?? false, awaiting: before?.awaiting ?? null })];
    }
    case GRANT_STOPPED:
      return others;
    default:
      return grants;
  }
}

/** A grant of these terms, as decisions know it. */
export function grantOf(
  data: { grant: string; grantVersion: number; terms: GrantTerms },
  rest: Pick<Grant, 'paused' | 'awaiting'>,
): Grant {
  const { terms } = data;
  return {
    grant: data.grant,
    version: data.grantVersion,
    agency: terms.agency,
    purpose: terms.purpose,
    basis: terms.basis,
    attributes: attributeSet(terms.attributes),
    mode: terms.mode,
    validFrom: Date.parse(terms.validFrom),
    validUntil: Date.parse(terms.validUntil),
    ...rest,
  };
}

/** The grants after a snapshot answered version `grantVersion` of `grant`: changes flow from here on. */
export function snapshotArrived(grants: readonly Grant[], grant: string, grantVersion: number): readonly Grant[] {
  return grants.map((one) =>
    one.grant === grant && one.awaiting !== null && grantVersion >= one.awaiting ? { ...one, awaiting: null } : one,
  );
}
