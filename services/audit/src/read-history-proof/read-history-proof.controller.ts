import { Controller } from '@nestjs/common';
import { readHistoryProof } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { AccessRecords } from '../store/access-records.js';
import { HistoryProofs } from './history-proofs.js';
import { readCursor } from './proof-cursor.js';

@Controller()
export class ReadHistoryProofController {
  constructor(
    private readonly proofs: HistoryProofs,
    private readonly records: AccessRecords,
  ) {}

  @Endpoint(readHistoryProof)
  async handle(@Input() { params, query, principal, context }: InputOf<typeof readHistoryProof>) {
    const { subject } = params;
    const by = context.actor;
    if (principal.kind === 'person' && principal.subject !== subject) {
      // Not even whether there is such a person is anybody else's business; that somebody asked is theirs.
      await this.records.refused({ subject, by, endpoint: readHistoryProof.id, problem: 'not-found' }, context);
      return refuse('not-found');
    }
    await this.records.read({ subject, by, what: 'history-proof' }, context);
    const page = await this.proofs.page(subject, query.after === undefined ? undefined : readCursor(query.after));
    return page === undefined ? refuse('not-ready') : { body: { subject, ...page } };
  }
}
