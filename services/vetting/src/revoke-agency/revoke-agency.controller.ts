import { Controller } from '@nestjs/common';
import { revokeAgency } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { revoke } from '../domain/sanction.js';
import { SanctionAgency } from '../sanction/sanction-agency.js';

@Controller()
export class RevokeAgencyController {
  constructor(private readonly sanction: SanctionAgency) {}

  @Endpoint(revokeAgency)
  handle(@Input() input: InputOf<typeof revokeAgency>) {
    const sanction = { by: input.context.actor, reason: input.body.reason };
    return this.sanction.impose('revokeAgency', input.params.agency, input, (agency) => revoke(agency, sanction));
  }
}
