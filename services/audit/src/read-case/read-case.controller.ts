import { Controller } from '@nestjs/common';
import { type CaseView, type Principal, readCase } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, isRefusal } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { PairwiseIds } from '@sluice/vault';
import { type CaseRow, summaryOf } from '../cases/case-files.js';
import { CaseMoves, placeOf } from '../cases/case-moves.js';
import { entryForAgency } from '../domain/agency-entry.js';
import { SubjectTexts } from '../store/subject-texts.js';

@Controller()
export class ReadCaseController {
  constructor(
    private readonly moves: CaseMoves,
    private readonly texts: SubjectTexts,
    private readonly records: AccessRecords,
    private readonly aliases: PairwiseIds,
  ) {}

  @Endpoint(readCase)
  async handle(@Input() input: InputOf<typeof readCase>) {
    const row = await this.moves.admitted(readCase, input.params.case, input);
    if (isRefusal(row)) return row;
    const { subject } = row;
    await this.records.read({ subject, by: input.context.actor, what: 'case' }, input.context);
    return { body: await this.#view(row, input.principal), version: row.version };
  }

  async #view(row: CaseRow, principal: Principal): Promise<CaseView> {
    const texts = await this.#texts(row, principal);
    if (principal.kind !== 'agency') return { ...summaryOf(row, row.subject), entry: row.entry, texts };
    const alias = this.aliases.toPairwise(principal.agency, row.subject);
    return { ...summaryOf(row, alias), entry: entryForAgency(row.entry, principal.agency, alias), texts };
  }

  /** What the person writes to the centre about the agency is not the agency's to read. */
  #texts({ case_id, subject, question, answer, escalation, decision }: CaseRow, principal: Principal) {
    return this.texts.open(subject, {
      question: { place: placeOf(case_id, 'raise'), sealed: question },
      ...(answer !== null && { answer: { place: placeOf(case_id, 'answer'), sealed: answer } }),
      ...(escalation !== null &&
        principal.kind !== 'agency' && { escalation: { place: placeOf(case_id, 'escalate'), sealed: escalation } }),
      ...(decision !== null && { decision: { place: placeOf(case_id, 'decide'), sealed: decision } }),
    });
  }
}
