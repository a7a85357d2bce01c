import { Controller } from '@nestjs/common';
import { reviewGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { GrantCommands } from '../store/grant-commands.js';
import { viewReply } from '../store/view-reply.js';

@Controller()
export class ReviewGrantController {
  constructor(private readonly commands: GrantCommands) {}

  @Endpoint(reviewGrant)
  async handle(@Input() input: InputOf<typeof reviewGrant>) {
    return viewReply(
      await this.commands.move(input.params.grant, { move: 'review', outcome: input.body.outcome }, input),
    );
  }
}
