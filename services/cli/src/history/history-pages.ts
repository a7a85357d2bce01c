import { type HistoryEntry, readHistory } from '@sluice/contracts';
import type { ServiceClient } from '../access/service-client.js';

/** The most that the service gives at once. */
const PAGE_LIMIT = 200;

export interface HistoryFilter {
  kind?: string;
  agency?: string;
  attribute?: string;
  purpose?: string;
  outcome?: string;
  from?: Date;
  to?: Date;
  search?: string;
}

/** A person's history, page by page. */
export class HistoryPages {
  readonly #services: ServiceClient;
  readonly #subject: string;
  readonly #filter: HistoryFilter;
  #next: string | undefined;

  constructor(services: ServiceClient, subject: string, filter: HistoryFilter) {
    this.#services = services;
    this.#subject = subject;
    this.#filter = filter;
  }

  /** Where the next page begins, after a reading; undefined at the end of the history. */
  get next(): string | undefined {
    return this.#next;
  }

  /**
   * Up to `limit` entries. A page may be empty and still not be the last: the service looks at so many entries at once,
   * however few pass the filter.
   * @throws {Failure}
   */
  async *read(limit: number, from?: string): AsyncGenerator<HistoryEntry[]> {
    this.#next = from;
    let left = limit;
    do {
      const { entries, next } = await this.#services.call(readHistory, 'auditor', {
        params: { subject: this.#subject },
        query: {
          limit: Math.min(left, PAGE_LIMIT),
          kind: this.#filter.kind,
          agency: this.#filter.agency,
          attribute: this.#filter.attribute,
          purpose: this.#filter.purpose,
          outcome: this.#filter.outcome,
          from: this.#filter.from?.toISOString(),
          to: this.#filter.to?.toISOString(),
          q: this.#filter.search,
          cursor: this.#next,
        },
      });
      this.#next = next;
      left -= entries.length;
      yield entries;
    } while (left > 0 && this.#next !== undefined);
  }
}
