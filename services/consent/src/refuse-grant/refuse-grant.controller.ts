import { Controller } from '@nestjs/common';
import { refuseGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { GrantCommands } from '../store/grant-commands.js';
import { viewReply } from '../store/view-reply.js';

@Controller()
export class RefuseGrantController {
  constructor(private readonly commands: GrantCommands) {}

  @Endpoint(refuseGrant)
  async handle(@Input() input: InputOf<typeof refuseGrant>) {
    return viewReply(await this.commands.move(input.params.grant, { move: 'refuse' }, input));
  }
}
