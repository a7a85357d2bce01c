import { Controller } from '@nestjs/common';
import { listAgencies } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { Agencies } from '../store/agencies.js';

@Controller()
export class ListAgenciesController {
  constructor(private readonly agencies: Agencies) {}

  @Endpoint(listAgencies)
  async handle(@Input() input: InputOf<typeof listAgencies>) {
    return { agencies: await this.agencies.list(input.query.state) };
  }
}
