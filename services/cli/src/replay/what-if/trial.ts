import { countTouchedGrants, LANES, type PolicyProposal, type ReplyOf, tryPolicy } from '@sluice/contracts';
import type { ServiceClient } from '../../access/service-client.js';
import type { Progress } from '../../output/progress.js';
import { type AffectedPerson, type HistoryEffects, Sums } from './sums.js';

export interface TrialRange {
  from: Date | undefined;
  to: Date;
}

/** What a policy would touch today, and what it would have changed. */
export interface Trial {
  title: string;
  /** Absent: from the beginning. */
  from?: string;
  to: string;
  today: ReplyOf<typeof countTouchedGrants>;
  history: HistoryEffects;
}

export class PolicyTrial {
  readonly #sums = new Sums();

  constructor(
    private readonly services: ServiceClient,
    private readonly proposal: PolicyProposal,
    private readonly range: TrialRange,
  ) {}

  /** @throws {Failure} */
  today(): Promise<Trial['today']> {
    return this.services.call(countTouchedGrants, 'operator', { body: { proposal: this.proposal } });
  }

  /** Goes through the history and yields, partition by partition, whom it would have concerned. @throws {Failure} */
  async *persons(progress: Progress): AsyncGenerator<AffectedPerson[]> {
    const { from, to } = this.range;
    const asked = { proposal: this.proposal, ...(from && { from: from.toISOString() }), to: to.toISOString() };
    let next: string | undefined;
    do {
      const part = await this.services.call(tryPolicy, 'operator', { body: { ...asked, ...(next && { next }) } });
      yield this.#sums.add(part);
      const { partition, position } = part;
      const within = position.last === 0 ? 1 : position.sequence / position.last;
      progress.update(() => {
        const share = Math.floor(((partition + within) / LANES) * 100);
        return `${share}%, ${this.#sums.decisions} decisions, ${this.#sums.changed} would be otherwise`;
      });
      next = part.next;
    } while (next !== undefined);
    yield this.#sums.flush();
  }

  /** Once `persons` came to its end. */
  result(today: Trial['today']): Trial {
    const { from, to } = this.range;
    return {
      title: this.proposal.title,
      ...(from && { from: from.toISOString() }),
      to: to.toISOString(),
      today,
      history: this.#sums.result(),
    };
  }
}
