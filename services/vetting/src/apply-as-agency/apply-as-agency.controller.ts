import { Controller } from '@nestjs/common';
import { applyAsAgency } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, isRefusal, refuse } from '@sluice/platform';
import { apply } from '../domain/apply.js';
import { AgencyCommands } from '../store/agency-commands.js';

@Controller()
export class ApplyAsAgencyController {
  constructor(private readonly commands: AgencyCommands) {}

  @Endpoint(applyAsAgency)
  async handle(@Input() input: InputOf<typeof applyAsAgency>) {
    const { body, principal } = input;
    // An institution speaks for itself: nobody can apply in another's name.
    if (principal.kind !== 'agency' || principal.agency !== body.agency) return refuse('not-allowed');
    const at = new Date();
    const applied = await this.commands.act(body.agency, input, at, (agency) => apply(agency, body, at.getTime()));
    if (isRefusal(applied)) return applied;
    return { body: applied, version: applied.version, location: `/agencies/${applied.agency}` };
  }
}
