import { Controller } from '@nestjs/common';
import { listReplays } from '@sluice/contracts';
import { Endpoint } from '@sluice/platform';
import { ReplayCommands } from '../replay/replay-commands.js';

@Controller()
export class ListReplaysController {
  constructor(private readonly replays: ReplayCommands) {}

  @Endpoint(listReplays)
  async handle() {
    return { replays: await this.replays.views.list() };
  }
}
