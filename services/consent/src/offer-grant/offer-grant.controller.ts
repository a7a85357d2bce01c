import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { offerGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { Accreditations } from '../store/accreditations.js';
import { GrantCommands, subjectOf } from '../store/grant-commands.js';
import { beginReply } from '../store/view-reply.js';

@Controller()
export class OfferGrantController {
  constructor(
    private readonly commands: GrantCommands,
    private readonly accreditations: Accreditations,
  ) {}

  @Endpoint(offerGrant)
  async handle(@Input() input: InputOf<typeof offerGrant>) {
    const { shown, ...proposal } = input.body;
    const accreditation = await this.accreditations.of(proposal.agency);
    const command = { move: 'offer', grant: randomUUID(), shown, proposal } as const;
    return beginReply(await this.commands.begin(subjectOf(input.principal), command, accreditation, input));
  }
}
