import {
  AGENCY_ACCREDITED,
  AGENCY_RESTORED,
  AGENCY_REVOKED,
  AGENCY_SUSPENDED,
  type VettingEventData,
  type VettingEventType,
} from '@sluice/contracts';
import type { Accreditation } from './accreditation.js';

/** What is known of an agency, and by which event of vetting. */
export interface KnownAccreditation extends Accreditation {
  readonly version: number;
}

/** One event of vetting.events with its payload. */
export type VettingEvent = {
  [T in VettingEventType]: { readonly type: T; readonly data: VettingEventData<T> };
}[VettingEventType];

/** What is known after an event; one that is not above the last changes nothing, nor does one of other matters. */
export function followVetting(
  known: KnownAccreditation | undefined,
  { type, data }: VettingEvent,
): KnownAccreditation | undefined {
  const { agency, agencyVersion: version } = data;
  if (known !== undefined && known.version >= version) return known;
  switch (type) {
    case AGENCY_ACCREDITED:
      return { agency, version, state: 'accredited', scope: data.scope };
    case AGENCY_SUSPENDED:
      return known && { ...known, version, state: 'suspended' };
    case AGENCY_REVOKED:
      return known && { ...known, version, state: 'revoked' };
    case AGENCY_RESTORED:
      return known && { ...known, version, state: 'accredited' };
    default:
      return known;
  }
}
