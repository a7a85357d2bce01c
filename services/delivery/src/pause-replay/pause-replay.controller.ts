import { Controller } from '@nestjs/common';
import { pauseReplay } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { ReplayCommands } from '../replay/replay-commands.js';

/** Holds a running replay; the workers look before each slice. */
@Controller()
export class PauseReplayController {
  constructor(private readonly replays: ReplayCommands) {}

  @Endpoint(pauseReplay)
  handle(@Input() input: InputOf<typeof pauseReplay>) {
    return this.replays.move(input, 'pause');
  }
}
