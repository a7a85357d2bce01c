import type { ReplyOf, tryPolicy } from '@sluice/contracts';

export type Part = ReplyOf<typeof tryPolicy>;
export type AffectedPerson = Part['persons'][number];

/** What a policy would have changed for an agency and a purpose. */
export type PolicyEffect = Part['effects'][number] & {
  /** How many persons it would have concerned. */
  persons: number;
};

export interface HistoryEffects {
  batches: number;
  decisions: number;
  delivered: number;
  notReproduced: number;
  persons: number;
  effects: PolicyEffect[];
}

/**
 * Adds up the parts of a trial. A person's decisions are all in one partition, and parts come partition by partition: so
 * only the persons of one partition are kept at a time, however long the history is.
 */
export class Sums {
  readonly #effects = new Map<string, PolicyEffect>();
  readonly #totals = { batches: 0, decisions: 0, delivered: 0, notReproduced: 0, persons: 0 };
  #partition = -1;
  #persons = new Map<string, AffectedPerson>();

  /** @returns the persons of the partition before, once it is over */
  add(part: Part): AffectedPerson[] {
    const over = part.partition === this.#partition ? [] : this.flush();
    this.#partition = part.partition;
    this.#totals.batches += part.batches;
    this.#totals.decisions += part.decisions;
    this.#totals.delivered += part.delivered;
    this.#totals.notReproduced += part.notReproduced;
    for (const effect of part.effects) this.#addEffect(effect);
    for (const person of part.persons) {
      const key = `${person.subject} ${person.agency} ${person.purpose}`;
      const known = this.#persons.get(key);
      if (known === undefined) this.#persons.set(key, { ...person });
      else addCounts(known, person);
    }
    return over;
  }

  /** Ends the partition. */
  flush(): AffectedPerson[] {
    const persons = [...this.#persons.values()];
    for (const { agency, purpose } of persons) this.#effects.get(`${agency} ${purpose}`)!.persons += 1;
    this.#totals.persons += new Set(persons.map(({ subject }) => subject)).size;
    this.#persons = new Map();
    return persons;
  }

  result(): HistoryEffects {
    const effects = [...this.#effects.values()].sort((a, b) => changes(b) - changes(a));
    return { ...this.#totals, effects };
  }

  /** Deliveries that would have been otherwise, so far. */
  get changed(): number {
    return [...this.#effects.values()].reduce((sum, effect) => sum + changes(effect), 0);
  }

  get decisions(): number {
    return this.#totals.decisions;
  }

  #addEffect(effect: Part['effects'][number]): void {
    const key = `${effect.agency} ${effect.purpose}`;
    const known = this.#effects.get(key);
    if (known === undefined) {
      this.#effects.set(key, { ...effect, attributes: effect.attributes.map((one) => ({ ...one })), persons: 0 });
      return;
    }
    addCounts(known, effect);
    for (const more of effect.attributes) {
      const same = known.attributes.find(({ attribute }) => attribute === more.attribute);
      if (same === undefined) known.attributes.push({ ...more });
      else {
        same.withheld += more.withheld;
        same.released += more.released;
      }
    }
  }
}

type Counts = Pick<AffectedPerson, 'refused' | 'narrowed' | 'widened'>;

function addCounts(to: Counts, more: Counts): void {
  to.refused += more.refused;
  to.narrowed += more.narrowed;
  to.widened += more.widened;
}

function changes({ refused, narrowed, widened }: Counts): number {
  return refused + narrowed + widened;
}
