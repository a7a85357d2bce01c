import { Controller } from '@nestjs/common';
import { type AgencyHistoryEntry, readAgencyHistory, uuidText } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { PairwiseIds } from '@sluice/vault';
import { entryForAgency } from '../domain/agency-entry.js';
import { passes } from '../domain/history-filter.js';
import { Cursors } from '../read-history/cursors.js';
import { extentOf } from '../read-history/history-query.js';
import { pageOf } from '../read-history/page.js';
import { AgencyHistories, type AgencyLine } from './agency-histories.js';

@Controller()
export class ReadAgencyHistoryController {
  constructor(
    private readonly histories: AgencyHistories,
    private readonly cursors: Cursors,
    private readonly records: AccessRecords,
    private readonly aliases: PairwiseIds,
  ) {}

  @Endpoint(readAgencyHistory)
  async handle(@Input() { params, query, principal, context }: InputOf<typeof readAgencyHistory>) {
    const { agency } = params;
    if (principal.kind === 'agency' && principal.agency !== agency) {
      await this.records.refused({ by: context.actor, endpoint: readAgencyHistory.id, problem: 'not-found' }, context);
      return refuse('not-found');
    }
    const { cursor: text, limit, subject: alias, ...filter } = query;
    const list = `agency-history|${agency}`;
    const cursor = text === undefined ? undefined : await this.cursors.read(list, text);
    if (text !== undefined && cursor === undefined) {
      return refuse('validation-failed', [{ path: 'query.cursor', rule: 'cursor' }]);
    }
    // It names many persons at once: in each one's history it would be a flood that says nothing.
    await this.records.administered({ act: readAgencyHistory.id, target: `agency:${agency}` }, context);
    const subject = alias === undefined ? undefined : this.aliases.toSubject(agency, alias);
    const { lines, next } = await pageOf(
      this.histories.rowsAfter(agency, extentOf(filter, cursor, limit)),
      (line) => passes(filter, line.entry) && (subject === undefined || line.subject === subject),
      limit,
    );
    return {
      body: {
        agency,
        entries: lines.map((line) => this.#present(line, agency)),
        ...(next !== undefined && { next: await this.cursors.write(list, next) }),
      },
    };
  }

  #present(line: AgencyLine, agency: string): AgencyHistoryEntry {
    const alias = this.aliases.toPairwise(agency, line.subject);
    const { replay: _replay, ...entry } = entryForAgency(line.entry, agency, alias);
    return { ...entry, id: this.aliases.toPairwise(agency, placeName(line)), subject: alias };
  }
}

/** A line's place as a uuid: permuted under the agency's key it names the entry for this agency alone. */
function placeName({ ref, index }: AgencyLine): string {
  const bytes = Buffer.alloc(16);
  bytes.writeBigInt64BE(ref, 0);
  bytes.writeUInt16BE(index, 8);
  return uuidText(bytes);
}
