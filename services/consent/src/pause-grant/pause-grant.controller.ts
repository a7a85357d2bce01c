import { Controller } from '@nestjs/common';
import { pauseGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { Stopping } from '../stopping/stopping.js';

@Controller()
export class PauseGrantController {
  constructor(private readonly stopping: Stopping) {}

  @Endpoint(pauseGrant)
  handle(@Input() input: InputOf<typeof pauseGrant>) {
    return this.stopping.run(input.params.grant, { move: 'pause' }, input);
  }
}
