import { Controller } from '@nestjs/common';
import { giveGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { GrantCommands } from '../store/grant-commands.js';
import { viewReply } from '../store/view-reply.js';

@Controller()
export class GiveGrantController {
  constructor(private readonly commands: GrantCommands) {}

  @Endpoint(giveGrant)
  async handle(@Input() input: InputOf<typeof giveGrant>) {
    return viewReply(await this.commands.move(input.params.grant, { move: 'give' }, input, input.body.shown));
  }
}
