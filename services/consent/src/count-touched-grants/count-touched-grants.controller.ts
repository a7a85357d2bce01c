import { Controller } from '@nestjs/common';
import { countTouchedGrants } from '@sluice/contracts';
import { agenciesOf, unknownAgencies } from '@sluice/decision';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { touchedGrants } from '../domain/touched-grants.js';
import { LiveGrants } from './live-grants.js';

@Controller()
export class CountTouchedGrantsController {
  constructor(
    private readonly live: LiveGrants,
    private readonly records: AccessRecords,
  ) {}

  @Endpoint(countTouchedGrants)
  async handle(@Input() { body, context }: InputOf<typeof countTouchedGrants>) {
    const { title, changes } = body.proposal;
    const now = new Date();
    const accreditations = await this.live.accreditations();
    const unknown = unknownAgencies(changes, accreditations);
    if (unknown.length > 0) return refuse('validation-failed', unknown);
    await this.records.administered({ act: 'countTouchedGrants', target: `policy "${title}"` }, context);
    const groups = await this.live.groups(now, agenciesOf(changes));
    return { at: now.toISOString(), touched: touchedGrants(groups, accreditations, changes, now.getTime()) };
  }
}
