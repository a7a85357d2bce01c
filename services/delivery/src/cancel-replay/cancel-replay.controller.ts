import { Controller } from '@nestjs/common';
import { cancelReplay } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { ReplayCommands } from '../replay/replay-commands.js';

/** Gives a replay up, whatever it has come to; what was sent stays sent. */
@Controller()
export class CancelReplayController {
  constructor(private readonly replays: ReplayCommands) {}

  @Endpoint(cancelReplay)
  handle(@Input() input: InputOf<typeof cancelReplay>) {
    return this.replays.move(input, 'cancel');
  }
}
