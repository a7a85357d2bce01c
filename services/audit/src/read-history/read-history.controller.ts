import { Controller } from '@nestjs/common';
import { readHistory } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { passes } from '../domain/history-filter.js';
import { presentEntry } from '../domain/present-entry.js';
import { Cursors } from './cursors.js';
import { extentOf, languageOf } from './history-query.js';
import { HistoryReaders } from './history-readers.js';
import { pageOf } from './page.js';
import { ShownHistories } from './shown-histories.js';

@Controller()
export class ReadHistoryController {
  constructor(
    private readonly histories: ShownHistories,
    private readonly readers: HistoryReaders,
    private readonly cursors: Cursors,
  ) {}

  @Endpoint(readHistory)
  async handle(@Input() input: InputOf<typeof readHistory>) {
    const { subject } = input.params;
    const { cursor: text, limit, lang, ...query } = input.query;
    const list = `history|${subject}`;
    const cursor = text === undefined ? undefined : await this.cursors.read(list, text);
    if (text !== undefined && cursor === undefined) {
      return refuse('validation-failed', [{ path: 'query.cursor', rule: 'cursor' }]);
    }
    const refused = await this.readers.admit(readHistory, subject, 'history', input);
    if (refused !== undefined) return refused;
    const rows = this.histories.rowsAfter(subject, extentOf(query, cursor, limit), input.principal);
    const { lines, next } = await pageOf(rows, ({ entry }) => passes(query, entry), limit);
    const language = languageOf(lang, input.request.headers['accept-language']);
    return {
      body: {
        subject,
        entries: lines.map(({ entry }) => presentEntry(entry, subject, language)),
        ...(next !== undefined && { next: await this.cursors.write(list, next) }),
      },
    };
  }
}
