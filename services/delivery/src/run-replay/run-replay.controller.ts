import { Controller } from '@nestjs/common';
import { runReplay } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { ReplayCommands } from '../replay/replay-commands.js';

/** Starts an approved replay; the workers of its partitions take it up within about a second. */
@Controller()
export class RunReplayController {
  constructor(private readonly replays: ReplayCommands) {}

  @Endpoint(runReplay)
  handle(@Input() input: InputOf<typeof runReplay>) {
    return this.replays.move(input, 'run');
  }
}
