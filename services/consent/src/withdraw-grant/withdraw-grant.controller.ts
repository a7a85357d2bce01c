import { Controller } from '@nestjs/common';
import { withdrawGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { Stopping } from '../stopping/stopping.js';

@Controller()
export class WithdrawGrantController {
  constructor(private readonly stopping: Stopping) {}

  @Endpoint(withdrawGrant)
  handle(@Input() input: InputOf<typeof withdrawGrant>) {
    const deleteData = input.body?.deleteData ?? false;
    return this.stopping.run(input.params.grant, { move: 'withdraw', deleteData }, input);
  }
}
