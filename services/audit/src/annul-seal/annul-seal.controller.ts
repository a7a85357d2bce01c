import { Controller } from '@nestjs/common';
import { annulSeal } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { SealMoves } from '../seals/seal-moves.js';

@Controller()
export class AnnulSealController {
  constructor(private readonly moves: SealMoves) {}

  @Endpoint(annulSeal)
  handle(@Input() input: InputOf<typeof annulSeal>) {
    return this.moves.make(annulSeal, input.params.seal, { move: 'annul', reason: input.body.reason }, input);
  }
}
