import { Readable } from 'node:stream';
import { Controller } from '@nestjs/common';
import { EXPORT_FORMATS, exportHistory, type HistoryEntry, type Language, type Principal } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { passes } from '../domain/history-filter.js';
import type { HistoryLine } from '../domain/history-lines.js';
import { presentEntry } from '../domain/present-entry.js';
import { extentOf, type HistoryQuery, languageOf } from '../read-history/history-query.js';
import { HistoryReaders } from '../read-history/history-readers.js';
import { ShownHistories } from '../read-history/shown-histories.js';
import { BYTE_ORDER_MARK, csvEntry, csvTitles } from './csv.js';

/** Rows of one query: what is read at once bounds the memory, whatever the history's length. */
const ROWS_AT_ONCE = 500;

@Controller()
export class ExportHistoryController {
  constructor(
    private readonly histories: ShownHistories,
    private readonly readers: HistoryReaders,
  ) {}

  @Endpoint(exportHistory)
  async handle(@Input() input: InputOf<typeof exportHistory>) {
    const { subject } = input.params;
    const { format, lang, ...query } = input.query;
    const refused = await this.readers.admit(exportHistory, subject, 'history-export', input);
    if (refused !== undefined) return refused;
    const language = languageOf(lang, input.request.headers['accept-language']);
    const entries = this.#entries(subject, query, language, input.principal);
    return {
      body: Readable.from(format === 'csv' ? asCsv(entries, language) : asLines(entries)),
      headers: {
        'content-type': EXPORT_FORMATS[format],
        'content-disposition': `attachment; filename="history.${format}"`,
      },
    };
  }

  /** One portion for each query. */
  async *#entries(
    subject: string,
    query: HistoryQuery,
    language: Language,
    reader: Principal,
  ): AsyncGenerator<HistoryEntry[]> {
    const extent = { ...extentOf(query, undefined, ROWS_AT_ONCE), rows: ROWS_AT_ONCE };
    let portion: HistoryEntry[] = [];
    for await (const lines of this.histories.rowsAfter(subject, extent, reader)) {
      portion.push(...lines.filter(({ entry }) => passes(query, entry)).map(present));
      if (portion.length < ROWS_AT_ONCE) continue;
      yield portion;
      portion = [];
    }
    if (portion.length > 0) yield portion;

    function present({ entry }: HistoryLine): HistoryEntry {
      return presentEntry(entry, subject, language);
    }
  }
}

async function* asLines(portions: AsyncIterable<HistoryEntry[]>): AsyncGenerator<string> {
  for await (const entries of portions) yield entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

async function* asCsv(portions: AsyncIterable<HistoryEntry[]>, language: Language): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK + csvTitles(language);
  for await (const entries of portions) yield entries.map(csvEntry).join('');
}
