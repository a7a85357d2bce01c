import { Controller } from '@nestjs/common';
import { answerCase } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { CaseMoves } from '../cases/case-moves.js';

@Controller()
export class AnswerCaseController {
  constructor(private readonly moves: CaseMoves) {}

  @Endpoint(answerCase)
  handle(@Input() input: InputOf<typeof answerCase>) {
    return this.moves.make(answerCase, input.params.case, { move: 'answer', text: input.body.text }, input);
  }
}
