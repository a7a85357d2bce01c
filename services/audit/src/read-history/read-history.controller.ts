import { Controller } from '@nestjs/common';
import { readHistory } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { concerns, type HistoryLine } from '../domain/history-lines.js';
import { AccessRecords } from '../store/access-records.js';
import { NEWEST, readCursor, writeCursor } from './cursor.js';
import { Histories } from './histories.js';
import { pageOf } from './page.js';

@Controller()
export class ReadHistoryController {
  constructor(
    private readonly histories: Histories,
    private readonly records: AccessRecords,
  ) {}

  @Endpoint(readHistory)
  async handle(@Input() input: InputOf<typeof readHistory>) {
    const { subject } = input.params;
    const { cursor: text, limit, kind, agency } = input.query;
    const by = input.context.actor;
    if (input.principal.kind === 'person' && input.principal.subject !== subject) {
      // Not even whether there is such a person is anybody else's business; that somebody asked is theirs.
      await this.records.refused({ subject, by, endpoint: readHistory.id, problem: 'not-found' }, input.context);
      return refuse('not-found');
    }
    const cursor = text === undefined ? NEWEST : readCursor(text);
    if (cursor === undefined) return refuse('validation-failed', [{ path: 'query.cursor', rule: 'cursor' }]);
    await this.records.read({ subject, by, what: 'history' }, input.context);
    const passes = (line: HistoryLine) =>
      (kind === undefined || line.entry.kind === kind) && (agency === undefined || concerns(line, agency));
    const { lines, next } = await pageOf(this.histories.rowsAfter(subject, cursor), passes, limit);
    return {
      body: {
        subject,
        entries: lines.map(({ entry }) => entry),
        ...(next !== undefined && { next: writeCursor(next) }),
      },
    };
  }
}
