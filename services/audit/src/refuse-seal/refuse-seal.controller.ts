import { Controller } from '@nestjs/common';
import { refuseSeal } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { SealMoves } from '../seals/seal-moves.js';

@Controller()
export class RefuseSealController {
  constructor(private readonly moves: SealMoves) {}

  @Endpoint(refuseSeal)
  handle(@Input() input: InputOf<typeof refuseSeal>) {
    return this.moves.make(
      refuseSeal,
      input.params.seal,
      { move: 'refuse', by: input.context.actor, reason: input.body.reason },
      input,
    );
  }
}
