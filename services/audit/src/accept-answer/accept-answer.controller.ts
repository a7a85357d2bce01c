import { Controller } from '@nestjs/common';
import { acceptAnswer } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { CaseMoves } from '../cases/case-moves.js';

@Controller()
export class AcceptAnswerController {
  constructor(private readonly moves: CaseMoves) {}

  @Endpoint(acceptAnswer)
  handle(@Input() input: InputOf<typeof acceptAnswer>) {
    return this.moves.make(acceptAnswer, input.params.case, { move: 'accept' }, input);
  }
}
