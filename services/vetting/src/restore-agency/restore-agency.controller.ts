import { Controller } from '@nestjs/common';
import { restoreAgency } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, isRefusal } from '@sluice/platform';
import { restore } from '../domain/sanction.js';
import { AgencyCommands } from '../store/agency-commands.js';

@Controller()
export class RestoreAgencyController {
  constructor(private readonly commands: AgencyCommands) {}

  @Endpoint(restoreAgency)
  async handle(@Input() input: InputOf<typeof restoreAgency>) {
    const by = input.context.actor;
    const restored = await this.commands.administer('restoreAgency', input.params.agency, input, new Date(), (agency) =>
      restore(agency, by),
    );
    return isRefusal(restored) ? restored : { body: restored, version: restored.version };
  }
}
