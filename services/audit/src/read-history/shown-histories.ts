import { Inject, Injectable } from '@nestjs/common';
import type { HistoryEntry, Principal } from '@sluice/contracts';
import { placeOfEntry } from '../domain/entry-id.js';
import type { HistoryLine } from '../domain/history-lines.js';
import { type Seal, type SealedFacts, sealedBefore, sealedNow } from '../domain/sealing.js';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { SealOrders } from '../seals/seal-orders.js';
import { type Extent, Histories } from './histories.js';

/**
 * Histories as their readers may have them: while a seal holds, what it covers is not there for the person, and marked for
 * auditors; when it has lifted, it is there with the seal that it was under.
 */
@Injectable()
export class ShownHistories {
  constructor(
    private readonly histories: Histories,
    private readonly orders: SealOrders,
    @Inject(AUDIT_SCOPE) private readonly scope: AuditScope,
  ) {}

  /** As `Histories.rowsAfter`; of a row that is sealed as a whole nothing is left. */
  async *rowsAfter(subject: string, extent: Extent, reader: Principal): AsyncGenerator<HistoryLine[]> {
    const view = await this.#viewOf(subject, reader);
    for await (const lines of this.histories.rowsAfter(subject, extent)) yield view(lines);
  }

  /** One entry by its id; undefined where the reader's history shows none. */
  async entry(subject: string, id: string, reader: Principal): Promise<HistoryEntry | undefined> {
    const place = placeOfEntry(id);
    if (place === undefined) return undefined;
    const view = await this.#viewOf(subject, reader);
    const lines = view(await this.histories.rowAt(subject, place));
    return lines.find(({ entry }) => entry.id === id)?.entry;
  }

  /** Whether something about a person is kept from them now. */
  async isSealed(subject: string, facts: SealedFacts): Promise<boolean> {
    return sealedNow(facts, await this.orders.approvedOf(subject), this.#now()) !== undefined;
  }

  /** Tells of an entry whether this reader may not have it now. */
  async withheldFrom(subject: string, reader: Principal): Promise<(entry: SealedFacts) => boolean> {
    if (reader.kind !== 'person') return () => false;
    const seals = await this.orders.approvedOf(subject);
    const now = this.#now();
    return (entry) => sealedNow(entry, seals, now) !== undefined;
  }

  async #viewOf(subject: string, reader: Principal): Promise<(lines: HistoryLine[]) => HistoryLine[]> {
    const seals = await this.orders.approvedOf(subject);
    if (seals.length === 0) return (lines) => lines;
    const now = this.#now();
    return (lines) => lines.flatMap((line) => seen(line, seals, now, reader.kind === 'person'));
  }

  #now(): number {
    return (this.scope.now?.() ?? new Date()).getTime();
  }
}

function seen(line: HistoryLine, seals: readonly Seal[], now: number, isPerson: boolean): HistoryLine[] {
  const holding = sealedNow(line.entry, seals, now);
  if (holding !== undefined && isPerson) return [];
  const mark = holding ?? sealedBefore(line.entry, seals, now);
  return [mark === undefined ? line : { ...line, entry: { ...line.entry, sealed: mark } }];
}
