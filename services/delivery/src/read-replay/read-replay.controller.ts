import { Controller } from '@nestjs/common';
import { readReplay } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { ReplayCommands } from '../replay/replay-commands.js';

@Controller()
export class ReadReplayController {
  constructor(private readonly replays: ReplayCommands) {}

  @Endpoint(readReplay)
  async handle(@Input() { params }: InputOf<typeof readReplay>) {
    return (await this.replays.views.one(params.replay)) ?? refuse('unknown-replay');
  }
}
