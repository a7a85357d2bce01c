import { Controller } from '@nestjs/common';
import { narrowGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { Stopping } from '../stopping/stopping.js';

@Controller()
export class NarrowGrantController {
  constructor(private readonly stopping: Stopping) {}

  @Endpoint(narrowGrant)
  handle(@Input() input: InputOf<typeof narrowGrant>) {
    return this.stopping.run(input.params.grant, { move: 'narrow', remove: input.body.remove }, input);
  }
}
