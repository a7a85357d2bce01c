import { Controller } from '@nestjs/common';
import { decideCase } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { CaseMoves } from '../cases/case-moves.js';

@Controller()
export class DecideCaseController {
  constructor(private readonly moves: CaseMoves) {}

  @Endpoint(decideCase)
  handle(@Input() input: InputOf<typeof decideCase>) {
    return this.moves.make(
      decideCase,
      input.params.case,
      { move: 'decide', text: input.body.text, outcome: input.body.outcome },
      input,
    );
  }
}
