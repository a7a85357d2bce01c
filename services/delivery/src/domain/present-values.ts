import type { AttributeSet } from '@sluice/contracts';

interface Holder {
  offset: bigint;
  attributes: AttributeSet;
}

interface Person {
  /** The subject's version that was seen last: what a relay published twice comes again, and is not newer. */
  version: number;
  holders: Holder[];
}

/**
 * Which events of a partition hold the present values of some persons: for each person the offsets, oldest first, with the
 * attributes that no later event has set. Learnt from the clear heads of changes, without opening one; the worker tells it
 * of every change it decides, so that what is overtaken while a replay runs is not sent as present.
 */
export class PresentValues {
  readonly #persons = new Map<string, Person>();
  #next = 0n;

  /** @param persons of whom it keeps account; others cost nothing */
  constructor(persons: Iterable<string>) {
    for (const person of persons) this.#persons.set(person, { version: 0, holders: [] });
  }

  /** The offset from which on it has not seen the partition. */
  get next(): bigint {
    return this.#next;
  }

  /** Everything below `offset` was seen. */
  seenUntil(offset: bigint): void {
    if (offset > this.#next) this.#next = offset;
  }

  /** A change of values, in the order of the partition. A snapshot repeats values and is none. */
  changed(subject: string, version: number, offset: bigint, attributes: AttributeSet): void {
    const person = this.#persons.get(subject);
    if (person === undefined || version <= person.version) return;
    const left: Holder[] = [];
    for (const holder of person.holders) {
      const kept = (holder.attributes & ~attributes) >>> 0;
      if (kept !== 0) left.push({ offset: holder.offset, attributes: kept });
    }
    left.push({ offset, attributes });
    this.#persons.set(subject, { version, holders: left });
  }

  /** The attributes whose present values the event at `offset` holds; none for any other event. */
  at(subject: string, offset: bigint): AttributeSet {
    return this.#persons.get(subject)?.holders.find((holder) => holder.offset === offset)?.attributes ?? 0;
  }
}
