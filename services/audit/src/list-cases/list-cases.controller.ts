import { Controller } from '@nestjs/common';
import { listCases, type Principal } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { PairwiseIds } from '@sluice/vault';
import { CaseFiles, type CaseList, type CaseRow, summaryOf } from '../cases/case-files.js';
import { decodePlace, encodePlace, NEWEST_PLACE } from '../cases/list-place.js';

@Controller()
export class ListCasesController {
  constructor(
    private readonly cases: CaseFiles,
    private readonly aliases: PairwiseIds,
  ) {}

  @Endpoint(listCases)
  async handle(@Input() { query, principal }: InputOf<typeof listCases>) {
    const after = query.cursor === undefined ? NEWEST_PLACE : decodePlace(query.cursor);
    if (after === undefined) return refuse('validation-failed', [{ path: 'query.cursor', rule: 'cursor' }]);
    const of = { ...ownOf(principal, query.agency), state: query.state, overdue: query.overdue && true };
    const [rows, overdue] = await Promise.all([this.cases.list(of, after, query.limit + 1), this.cases.overdue(of)]);
    const shown = rows.slice(0, query.limit);
    return {
      body: {
        cases: shown.map((row) => summaryOf(row, this.#nameOf(row, principal))),
        overdue,
        ...(rows.length > shown.length && { next: placeOf(shown.at(-1)!) }),
      },
    };
  }

  #nameOf({ subject }: CaseRow, principal: Principal): string {
    return principal.kind === 'agency' ? this.aliases.toPairwise(principal.agency, subject) : subject;
  }
}

function placeOf({ raised_at: at, case_id: id }: CaseRow): string {
  return encodePlace({ at, id });
}

/** Everybody lists their own; what else they ask for only narrows it. */
function ownOf(principal: Principal, agency: string | undefined): CaseList {
  switch (principal.kind) {
    case 'person':
      return { subject: principal.subject };
    case 'agency':
      return { agency: principal.agency };
    case 'staff':
      return { agency };
  }
}
