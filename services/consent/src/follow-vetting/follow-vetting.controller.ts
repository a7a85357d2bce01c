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
import { Accreditations } from '../store/accreditations.js';
import { GrantSweeper } from '../sweep-grants/grant-sweeper.js';

/**
 * Keeps what vetting allows each agency. What that means for grants (those of a revoked agency stop, those of a
 * restored one ask for snapshots) is the sweeper's work: it can be long, and must survive a restart.
 */
@Controller()
@UseFilters(HandlerFailures)
export class FollowVettingController {
  constructor(
    private readonly accreditations: Accreditations,
    private readonly sweeper: GrantSweeper,
  ) {}

  @EventPattern(AGENCY_ACCREDITED)
  async accredited(@Payload() event: IncomingEvent): Promise<void> {
    const { agency, agencyVersion, scope } = read(event, AGENCY_ACCREDITED);
    await this.accreditations.accredit(agency, agencyVersion, scope);
  }

  @EventPattern(AGENCY_SUSPENDED, STOPS)
  async suspended(@Payload() event: IncomingEvent): Promise<void> {
    const { agency, agencyVersion } = read(event, AGENCY_SUSPENDED);
    await this.accreditations.suspend(agency, agencyVersion);
  }

  @EventPattern(AGENCY_RESTORED)
  async restored(@Payload() event: IncomingEvent): Promise<void> {
    const { agency, agencyVersion } = read(event, AGENCY_RESTORED);
    await this.accreditations.restore(agency, agencyVersion);
    this.sweeper.nudge();
  }

  @EventPattern(AGENCY_REVOKED, STOPS)
  async revoked(@Payload() event: IncomingEvent): Promise<void> {
    const { agency, agencyVersion } = read(event, AGENCY_REVOKED);
    await this.accreditations.revoke(agency, agencyVersion);
    this.sweeper.nudge();
  }
}

function read<T extends VettingEventType>(event: IncomingEvent, type: T): VettingEventData<T> {
  const parsed = vettingEvents[type].safeParse(event.json());
  if (!parsed.success) throw new Poison('vetting-event-not-as-contracted');
  return parsed.data as VettingEventData<T>;
}
