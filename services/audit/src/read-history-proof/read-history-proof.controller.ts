import { Controller } from '@nestjs/common';
import { readHistoryProof } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { HistoryReaders } from '../read-history/history-readers.js';
import { ShownHistories } from '../read-history/shown-histories.js';
import { HistoryProofs } from './history-proofs.js';
import { readCursor } from './proof-cursor.js';

@Controller()
export class ReadHistoryProofController {
  constructor(
    private readonly proofs: HistoryProofs,
    private readonly readers: HistoryReaders,
    private readonly histories: ShownHistories,
  ) {}

  @Endpoint(readHistoryProof)
  async handle(@Input() input: InputOf<typeof readHistoryProof>) {
    const { subject } = input.params;
    const { after } = input.query;
    const refused = await this.readers.admit(readHistoryProof, subject, 'history-proof', input);
    if (refused !== undefined) return refused;
    const page = await this.proofs.page(subject, after === undefined ? undefined : readCursor(after), {
      isWithheld: await this.histories.withheldFrom(subject, input.principal),
    });
    return page === undefined ? refuse('not-ready') : { body: { subject, ...page } };
  }
}
