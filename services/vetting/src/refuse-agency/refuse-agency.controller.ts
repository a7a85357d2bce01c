import { Controller } from '@nestjs/common';
import { refuseAgency } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, isRefusal } from '@sluice/platform';
import { refuseApplication } from '../domain/refuse.js';
import { AgencyCommands } from '../store/agency-commands.js';

@Controller()
export class RefuseAgencyController {
  constructor(private readonly commands: AgencyCommands) {}

  @Endpoint(refuseAgency)
  async handle(@Input() input: InputOf<typeof refuseAgency>) {
    const by = input.context.actor;
    const refused = await this.commands.administer('refuseAgency', input.params.agency, input, new Date(), (agency) =>
      refuseApplication(agency, by),
    );
    return isRefusal(refused) ? refused : { body: refused, version: refused.version };
  }
}
