import {
  type AccreditationScope,
  AGENCY_ACCREDITED,
  AGENCY_KEY_REGISTERED,
  AGENCY_RESTORED,
  AGENCY_REVOKED,
  AGENCY_SUSPENDED,
  type AttributeSet,
  attributeSet,
  type FeedPublicKey,
  type GrantMode,
  type PurposeCode,
  type VettingEventData,
  type VettingEventType,
} from '@sluice/contracts';

/** What a decision depends on of an agency that was accredited. `until` in ms since 1970. */
export interface Accreditation {
  state: 'accredited' | 'suspended' | 'revoked';
  until: number;
  receives: ReadonlyMap<PurposeCode, { attributes: AttributeSet; modes: ReadonlySet<GrantMode> }>;
}

/** By agency code. An agency that is not in it was never accredited. */
export type Accreditations = ReadonlyMap<string, Accreditation>;

/** What delivery has to know of an accredited agency. */
export interface Agency extends Accreditation {
  code: string;
  version: number;
  publicKey: FeedPublicKey;
  keyEpoch: number;
}

export type Agencies = ReadonlyMap<string, Agency>;

/** An agency after a vetting event; `undefined` while it has not been accredited. */
export function evolveAgency<T extends VettingEventType>(
  agency: Agency | undefined,
  type: T,
  data: VettingEventData<T>,
): Agency | undefined {
  // A relay that crashed publishes again: what an agency has been through does not come back, not even until the next event.
  if (agency !== undefined && data.agencyVersion <= agency.version) return agency;
  if (type === AGENCY_ACCREDITED) return accredited(data as VettingEventData<typeof AGENCY_ACCREDITED>);
  if (agency === undefined) return undefined;
  const version = data.agencyVersion;
  switch (type) {
    case AGENCY_SUSPENDED:
      return { ...agency, version, state: 'suspended' };
    case AGENCY_RESTORED:
      return { ...agency, version, state: 'accredited' };
    case AGENCY_REVOKED:
      return { ...agency, version, state: 'revoked' };
    case AGENCY_KEY_REGISTERED: {
      const { publicKey, keyEpoch } = data as VettingEventData<typeof AGENCY_KEY_REGISTERED>;
      return { ...agency, version, publicKey, keyEpoch };
    }
    default:
      return agency;
  }
}

/** What an accreditation of this scope allows, in a state. */
export function accreditationOf(state: Accreditation['state'], scope: AccreditationScope): Accreditation {
  return { state, until: Date.parse(scope.until), receives: receivesOf(scope) };
}

function accredited(data: VettingEventData<typeof AGENCY_ACCREDITED>): Agency {
  return {
    code: data.agency,
    version: data.agencyVersion,
    ...accreditationOf('accredited', data.scope),
    publicKey: data.publicKey,
    keyEpoch: data.keyEpoch,
  };
}

function receivesOf(scope: AccreditationScope): Accreditation['receives'] {
  return new Map(
    scope.receives.map(({ purpose, attributes, modes }) => [
      purpose,
      { attributes: attributeSet(attributes), modes: new Set(modes) },
    ]),
  );
}
