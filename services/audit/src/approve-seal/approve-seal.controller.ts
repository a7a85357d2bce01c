import { Controller } from '@nestjs/common';
import { approveSeal } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { SealMoves } from '../seals/seal-moves.js';

@Controller()
export class ApproveSealController {
  constructor(private readonly moves: SealMoves) {}

  @Endpoint(approveSeal)
  handle(@Input() input: InputOf<typeof approveSeal>) {
    return this.moves.make(approveSeal, input.params.seal, { move: 'approve', by: input.context.actor }, input);
  }
}
