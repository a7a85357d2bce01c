import { Injectable } from '@nestjs/common';
import type { HistoryEntry, Principal } from '@sluice/contracts';
import { placeOfEntry } from '../domain/entry-id.js';
import type { HistoryLine } from '../domain/history-lines.js';
import { type Extent, Histories } from './histories.js';

/** Histories as their readers may have them. */
@Injectable()
export class ShownHistories {
  constructor(private readonly histories: Histories) {}

  /** As `Histories.rowsAfter`. */
  rowsAfter(subject: string, extent: Extent, _reader: Principal): AsyncGenerator<HistoryLine[]> {
    return this.histories.rowsAfter(subject, extent);
  }

  /** One entry by its id; undefined where the history shows none. */
  async entry(subject: string, id: string, _reader: Principal): Promise<HistoryEntry | undefined> {
    const place = placeOfEntry(id);
    if (place === undefined) return undefined;
    const lines = await this.histories.rowAt(subject, place);
    return lines.find(({ entry }) => entry.id === id)?.entry;
  }
}
