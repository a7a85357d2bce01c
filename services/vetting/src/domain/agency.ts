import {
  type AccreditationScope,
  AGENCY_ACCREDITED,
  AGENCY_APPLIED,
  AGENCY_APPROVED_ONCE,
  AGENCY_FENCED,
  AGENCY_KEY_REGISTERED,
  AGENCY_REFUSED,
  AGENCY_RESTORED,
  AGENCY_REVOKED,
  type AGENCY_STATES,
  AGENCY_SUSPENDED,
  type AgencyView,
  type FeedPublicKey,
  type ProblemCode,
  type ProblemDetail,
  type VettingEventData,
  type VettingEventType,
} from '@sluice/contracts';

export type AgencyState = (typeof AGENCY_STATES)[number];

/** An institution as vetting knows it; the state that decisions are made on. */
export interface Agency {
  agency: string;
  /** Version of the agency's stream, which every event names as `agencyVersion`. */
  version: number;
  state: AgencyState;
  details: AgencyView['details'];
  appliedFor: AccreditationScope;
  /** What the reviewers allow; what was applied for as long as none has spoken. */
  scope: AccreditationScope;
  publicKey: FeedPublicKey;
  /** 0 before the accreditation; each registered key starts the next epoch. */
  keyEpoch: number;
  /** The reviewer of the first approval, `staff:…`. */
  approvedBy?: string;
  /** Versions of the sanctions whose lanes have not all answered yet. */
  unfenced: number[];
}

/** One event of vetting.events with its payload. */
export type AgencyEvent = {
  [T in VettingEventType]: { type: T; data: VettingEventData<T> };
}[VettingEventType];

/** A refusal that a caller can cause. `errors` name places and rules, never values. */
export interface Refused {
  refused: ProblemCode;
  errors?: ProblemDetail[];
}

/** Every accepted command makes one event; `agency` is what it leaves. */
export type Decision = { event: AgencyEvent; agency: Agency } | Refused;

/** What every event of the agency begins with. */
export function nextOf(agency: Agency): { agency: string; agencyVersion: number } {
  return { agency: agency.agency, agencyVersion: agency.version + 1 };
}

/** Accepts an event: the decision is the event and what follows from it, nothing else. */
export function accept(agency: Agency | undefined, event: AgencyEvent): Decision {
  return { event, agency: evolve(agency, event) };
}

export function evolve(agency: Agency | undefined, event: AgencyEvent): Agency {
  const version = event.data.agencyVersion;
  if (event.type === AGENCY_APPLIED) {
    const { details, scope, publicKey } = event.data;
    return {
      agency: event.data.agency,
      version,
      state: 'applied',
      details,
      appliedFor: scope,
      scope,
      publicKey,
      keyEpoch: 0,
      unfenced: [],
    };
  }
  if (agency === undefined) throw new TypeError(`an agency's first event is its application, not ${event.type}`);
  const next = { ...agency, version };
  switch (event.type) {
    case AGENCY_APPROVED_ONCE:
      return { ...next, state: 'approved-once', approvedBy: event.data.by };
    case AGENCY_ACCREDITED: {
      const { details, scope, publicKey, keyEpoch } = event.data;
      return { ...next, state: 'accredited', details, scope, publicKey, keyEpoch };
    }
    case AGENCY_REFUSED:
      return { ...next, state: 'refused' };
    case AGENCY_SUSPENDED:
      return { ...next, state: 'suspended', unfenced: [...agency.unfenced, version] };
    case AGENCY_RESTORED:
      return { ...next, state: 'accredited' };
    case AGENCY_REVOKED:
      return { ...next, state: 'revoked', unfenced: [...agency.unfenced, version] };
    case AGENCY_KEY_REGISTERED:
      return { ...next, publicKey: event.data.publicKey, keyEpoch: event.data.keyEpoch };
    case AGENCY_FENCED:
      return { ...next, unfenced: agency.unfenced.filter((sanction) => sanction !== event.data.sanctionVersion) };
  }
}

/** The agency as everybody may see it. */
export function viewOf({ agency, version, state, details, scope, keyEpoch }: Agency): AgencyView {
  return { agency, version, state, details, scope, keyEpoch };
}
