import { Controller } from '@nestjs/common';
import { draftSeal } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { SealMoves } from '../seals/seal-moves.js';

@Controller()
export class DraftSealController {
  constructor(private readonly moves: SealMoves) {}

  @Endpoint(draftSeal)
  handle(@Input() input: InputOf<typeof draftSeal>) {
    return this.moves.draft(draftSeal, input.body, input);
  }
}
