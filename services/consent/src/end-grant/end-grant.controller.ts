import { Controller } from '@nestjs/common';
import { endGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { Stopping } from '../stopping/stopping.js';

@Controller()
export class EndGrantController {
  constructor(private readonly stopping: Stopping) {}

  @Endpoint(endGrant)
  handle(@Input() input: InputOf<typeof endGrant>) {
    return this.stopping.run(input.params.grant, { move: 'end' }, input);
  }
}
