import { Controller } from '@nestjs/common';
import { resumeReplay } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { ReplayCommands } from '../replay/replay-commands.js';

/** Lets a paused replay go on from where its lanes stand. */
@Controller()
export class ResumeReplayController {
  constructor(private readonly replays: ReplayCommands) {}

  @Endpoint(resumeReplay)
  handle(@Input() input: InputOf<typeof resumeReplay>) {
    return this.replays.move(input, 'resume');
  }
}
