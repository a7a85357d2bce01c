import { Controller } from '@nestjs/common';
import { resumeGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { GrantCommands } from '../store/grant-commands.js';
import { viewReply } from '../store/view-reply.js';

@Controller()
export class ResumeGrantController {
  constructor(private readonly commands: GrantCommands) {}

  @Endpoint(resumeGrant)
  async handle(@Input() input: InputOf<typeof resumeGrant>) {
    return viewReply(await this.commands.move(input.params.grant, { move: 'resume' }, input));
  }
}
