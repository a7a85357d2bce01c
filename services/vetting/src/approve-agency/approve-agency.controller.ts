import { Controller } from '@nestjs/common';
import { approveAgency } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, isRefusal } from '@sluice/platform';
import { approve } from '../domain/approve.js';
import { AgencyCommands } from '../store/agency-commands.js';

@Controller()
export class ApproveAgencyController {
  constructor(private readonly commands: AgencyCommands) {}

  @Endpoint(approveAgency)
  async handle(@Input() input: InputOf<typeof approveAgency>) {
    const at = new Date();
    const approval = { by: input.context.actor, scope: input.body.scope };
    const approved = await this.commands.administer('approveAgency', input.params.agency, input, at, (agency) =>
      approve(agency, approval, at.getTime()),
    );
    return isRefusal(approved) ? approved : { body: approved, version: approved.version };
  }
}
