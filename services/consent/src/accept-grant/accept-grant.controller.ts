import { Controller } from '@nestjs/common';
import { acceptGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { GrantCommands } from '../store/grant-commands.js';
import { viewReply } from '../store/view-reply.js';

@Controller()
export class AcceptGrantController {
  constructor(private readonly commands: GrantCommands) {}

  @Endpoint(acceptGrant)
  async handle(@Input() input: InputOf<typeof acceptGrant>) {
    return viewReply(await this.commands.move(input.params.grant, { move: 'accept' }, input));
  }
}
