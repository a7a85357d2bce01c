import {
  AGENCY_ACCREDITED,
  AGENCY_RESTORED,
  AGENCY_REVOKED,
  AGENCY_SUSPENDED,
  type VettingEventData,
  type VettingEventType,
} from '@sluice/contracts';

/** What vetting lets an agency publish, and by which of its events. */
export interface PublisherRights {
  readonly version: number;
  readonly publishes: readonly string[];
  /** RFC 3339. */
  readonly until: string;
  readonly active: boolean;
}

/** One event of vetting.events with its payload, and when it was recorded (RFC 3339). */
export type VettingEvent = {
  [T in VettingEventType]: { readonly type: T; readonly data: VettingEventData<T>; readonly time: string };
}[VettingEventType];

/**
 * The rights after an event; one that is not above the last changes nothing, nor does one of other matters. A sanction on
 * an agency that was never heard of is kept too: an older accreditation that comes after it is then late.
 */
export function followAccreditation(
  rights: PublisherRights | undefined,
  { type, data, time }: VettingEvent,
): PublisherRights | undefined {
  const version = data.agencyVersion;
  if (rights !== undefined && rights.version >= version) return rights;
  const setActive = (active: boolean) => ({ ...(rights ?? { publishes: [], until: time }), version, active });
  switch (type) {
    case AGENCY_ACCREDITED:
      return { version, publishes: data.scope.publishes, until: data.scope.until, active: true };
    case AGENCY_SUSPENDED:
    case AGENCY_REVOKED:
      return setActive(false);
    case AGENCY_RESTORED:
      return setActive(true);
    default:
      return rights;
  }
}
