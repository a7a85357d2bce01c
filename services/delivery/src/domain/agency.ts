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

/** What delivery has to know of an accredited agency. `until` in ms since 1970. */
export interface Agency {
  code: string;
  version: number;
  state: 'accredited' | 'suspended' | 'revoked';
  until: number;
  receives: ReadonlyMap<PurposeCode, { attributes: AttributeSet; modes: ReadonlySet<GrantMode> }>;
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

function accredited(data: VettingEventData<typeof AGENCY_ACCREDITED>): Agency {
  return {
    code: data.agency,
    version: data.agencyVersion,
    state: 'accredited',
    until: Date.parse(data.scope.until),
    receives: receivesOf(data.scope),
    publicKey: data.publicKey,
    keyEpoch: data.keyEpoch,
  };
}

function receivesOf(scope: AccreditationScope): Agency['receives'] {
  return new Map(
    scope.receives.map(({ purpose, attributes, modes }) => [
      purpose,
      { attributes: attributeSet(attributes), modes: new Set(modes) },
    ]),
  );
}
