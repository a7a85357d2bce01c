import { Controller } from '@nestjs/common';
import { stopGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { Stopping } from '../stopping/stopping.js';

@Controller()
export class StopGrantController {
  constructor(private readonly stopping: Stopping) {}

  @Endpoint(stopGrant)
  handle(@Input() input: InputOf<typeof stopGrant>) {
    return this.stopping.run(input.params.grant, { move: 'stop' }, input);
  }
}
