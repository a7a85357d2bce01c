import { Controller } from '@nestjs/common';
import { widenGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { GrantCommands } from '../store/grant-commands.js';
import { viewReply } from '../store/view-reply.js';

@Controller()
export class WidenGrantController {
  constructor(private readonly commands: GrantCommands) {}

  @Endpoint(widenGrant)
  async handle(@Input() input: InputOf<typeof widenGrant>) {
    return viewReply(
      await this.commands.move(input.params.grant, { move: 'widen', add: input.body.add }, input, input.body.shown),
    );
  }
}
