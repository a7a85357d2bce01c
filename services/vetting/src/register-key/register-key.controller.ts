import { Controller } from '@nestjs/common';
import { registerKey } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, isRefusal, refuse } from '@sluice/platform';
import { registerKey as decide } from '../domain/register-key.js';
import { AgencyCommands } from '../store/agency-commands.js';

@Controller()
export class RegisterKeyController {
  constructor(private readonly commands: AgencyCommands) {}

  @Endpoint(registerKey)
  async handle(@Input() input: InputOf<typeof registerKey>) {
    const { params, body, principal } = input;
    if (principal.kind !== 'agency' || principal.agency !== params.agency) return refuse('not-allowed');
    const registered = await this.commands.act(params.agency, input, new Date(), (agency) =>
      decide(agency, body.publicKey),
    );
    return isRefusal(registered) ? registered : { body: registered, version: registered.version };
  }
}
