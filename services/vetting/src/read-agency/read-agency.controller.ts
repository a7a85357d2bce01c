import { Controller } from '@nestjs/common';
import { readAgency } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { Agencies } from '../store/agencies.js';

@Controller()
export class ReadAgencyController {
  constructor(private readonly agencies: Agencies) {}

  @Endpoint(readAgency)
  async handle(@Input() input: InputOf<typeof readAgency>) {
    const view = await this.agencies.find(input.params.agency);
    return view === undefined ? refuse('unknown-agency') : { body: view, version: view.version };
  }
}
