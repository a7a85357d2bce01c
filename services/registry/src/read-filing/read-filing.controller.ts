import { Controller } from '@nestjs/common';
import { type ReplyOf, readFiling } from '@sluice/contracts';
import { type Answer, Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { Filings } from '../store/filings.js';

@Controller()
export class ReadFilingController {
  constructor(private readonly filings: Filings) {}

  @Endpoint(readFiling)
  async read(@Input() { params, principal }: InputOf<typeof readFiling>): Promise<Answer<ReplyOf<typeof readFiling>>> {
    // Another agency's filing of this id is not this one: the state is looked up by both.
    const state = principal.kind === 'agency' ? await this.filings.find(principal.agency, params.filing) : undefined;
    return state ?? refuse('unknown-filing');
  }
}
