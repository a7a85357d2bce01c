import { Controller } from '@nestjs/common';
import { approveReplay } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { ReplayCommands } from '../replay/replay-commands.js';

/** A supervisor lets a replay run that somebody else planned: it releases data. */
@Controller()
export class ApproveReplayController {
  constructor(private readonly replays: ReplayCommands) {}

  @Endpoint(approveReplay)
  handle(@Input() input: InputOf<typeof approveReplay>) {
    return this.replays.move(input, 'approve');
  }
}
