import { Controller } from '@nestjs/common';
import { escalateCase } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { CaseMoves } from '../cases/case-moves.js';

@Controller()
export class EscalateCaseController {
  constructor(private readonly moves: CaseMoves) {}

  @Endpoint(escalateCase)
  handle(@Input() input: InputOf<typeof escalateCase>) {
    return this.moves.make(escalateCase, input.params.case, { move: 'escalate', text: input.body.text }, input);
  }
}
