import { Controller } from '@nestjs/common';
import { agencyStream, readAgencyAsOf } from '@sluice/contracts';
import { EventStore } from '@sluice/event-store';
import { Endpoint, Input, type InputOf, isRefusal, lookingBack, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import type { AgencyEvent } from '../domain/agency.js';
import { agencyAfter } from '../domain/agency-as-of.js';

@Controller()
export class ReadAgencyAsOfController {
  constructor(
    private readonly store: EventStore,
    private readonly records: AccessRecords,
  ) {}

  @Endpoint(readAgencyAsOf)
  async handle(@Input() { params, query, principal, context }: InputOf<typeof readAgencyAsOf>) {
    const { agency } = params;
    const at = lookingBack(query.at);
    if (isRefusal(at)) return at;
    if (principal.kind === 'agency' && principal.agency !== agency) return refuse('unknown-agency');
    if (principal.kind === 'staff') {
      await this.records.administered(
        { act: 'readAgencyAsOf', target: `agency:${agency} at ${at.toISOString()}` },
        context,
      );
    }
    const stored = await this.store.readStreamAsOf(agencyStream(agency), at);
    const past = agencyAfter(
      stored.map(({ type, payload, recordedAt }) => ({
        event: { type, data: JSON.parse(payload.toString()) } as AgencyEvent,
        recordedAt,
      })),
    );
    if (past === undefined) return refuse('unknown-agency');
    const { version, state, scope } = past.agency;
    return { agency, at: at.toISOString(), version, state, scope, since: past.since.toISOString() };
  }
}
