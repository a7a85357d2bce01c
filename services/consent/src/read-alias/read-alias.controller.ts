import { Controller } from '@nestjs/common';
import { readAlias } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { PairwiseIds } from '@sluice/vault';
import { Accreditations } from '../store/accreditations.js';
import { subjectOf } from '../store/grant-commands.js';

@Controller()
export class ReadAliasController {
  constructor(
    private readonly accreditations: Accreditations,
    private readonly aliases: PairwiseIds,
  ) {}

  @Endpoint(readAlias)
  async handle(@Input() input: InputOf<typeof readAlias>) {
    const { agency } = input.params;
    if ((await this.accreditations.of(agency)) === undefined) return refuse('unknown-agency');
    return { agency, alias: this.aliases.toPairwise(agency, subjectOf(input.principal)) };
  }
}
