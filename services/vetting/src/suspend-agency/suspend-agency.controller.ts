import { Controller } from '@nestjs/common';
import { suspendAgency } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { suspend } from '../domain/sanction.js';
import { SanctionAgency } from '../sanction/sanction-agency.js';

@Controller()
export class SuspendAgencyController {
  constructor(private readonly sanction: SanctionAgency) {}

  @Endpoint(suspendAgency)
  handle(@Input() input: InputOf<typeof suspendAgency>) {
    const sanction = { by: input.context.actor, reason: input.body.reason };
    return this.sanction.impose('suspendAgency', input.params.agency, input, (agency) => suspend(agency, sanction));
  }
}
