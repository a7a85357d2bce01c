import { Controller, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  AGENCY_ACCREDITED,
  AGENCY_RESTORED,
  AGENCY_REVOKED,
  AGENCY_SUSPENDED,
  type VettingEventData,
  type VettingEventType,
  vettingEvents,
} from '@sluice/contracts';
import { HandlerFailures, type IncomingEvent, Poison, STOPS } from '@sluice/messaging';
import { Publishers } from '../store/publishers.js';

/** Keeps what agencies may publish as vetting last said. Handling an event twice, or an older one late, changes nothing. */
@Controller()
@UseFilters(HandlerFailures)
export class FollowAccreditationController {
  constructor(private readonly publishers: Publishers) {}

  @EventPattern(AGENCY_ACCREDITED)
  async accredited(@Payload() event: IncomingEvent): Promise<void> {
    const { agency, agencyVersion, scope } = read(AGENCY_ACCREDITED, event);
    await this.publishers.accredit(agency, agencyVersion, scope.publishes, scope.until);
  }

  @EventPattern(AGENCY_SUSPENDED, STOPS)
  async suspended(@Payload() event: IncomingEvent): Promise<void> {
    const { agency, agencyVersion } = read(AGENCY_SUSPENDED, event);
    await this.publishers.setActive(agency, agencyVersion, false, event.time);
  }

  @EventPattern(AGENCY_REVOKED, STOPS)
  async revoked(@Payload() event: IncomingEvent): Promise<void> {
    const { agency, agencyVersion } = read(AGENCY_REVOKED, event);
    await this.publishers.setActive(agency, agencyVersion, false, event.time);
  }

  @EventPattern(AGENCY_RESTORED)
  async restored(@Payload() event: IncomingEvent): Promise<void> {
    const { agency, agencyVersion } = read(AGENCY_RESTORED, event);
    await this.publishers.setActive(agency, agencyVersion, true, event.time);
  }
}

function read<T extends VettingEventType>(type: T, event: IncomingEvent): VettingEventData<T> {
  const result = vettingEvents[type].safeParse(event.json());
  if (!result.success) throw new Poison('payload-not-as-contracted');
  return result.data as VettingEventData<T>;
}
