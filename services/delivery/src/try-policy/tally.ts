import {
  type AttributeCode,
  type AttributeSet,
  attributesIn,
  type PurposeCode,
  type ReplyOf,
  type tryPolicy,
} from '@sluice/contracts';
import type { TriedDecision } from '@sluice/decision';

type Reply = ReplyOf<typeof tryPolicy>;
type Effect = Reply['effects'][number];
type Person = Reply['persons'][number];
type Change = 'refused' | 'narrowed' | 'widened';

interface Counted {
  agency: string;
  purpose: PurposeCode;
  refused: number;
  narrowed: number;
  widened: number;
}

/** Sums up what a policy would have changed. */
export class Tally {
  decisions = 0;
  delivered = 0;
  notReproduced = 0;
  readonly #effects = new Map<
    string,
    Counted & { attributes: Map<AttributeCode, { withheld: number; released: number }> }
  >();
  readonly #persons = new Map<string, Counted & { subject: string }>();

  /** How many rows of persons there are. */
  get persons(): number {
    return this.#persons.size;
  }

  add({ subject, agency, purpose, before, after, reproduced }: TriedDecision): void {
    this.decisions += 1;
    if (before !== null) this.delivered += 1;
    if (!reproduced) this.notReproduced += 1;
    const change = changeOf(before, after);
    if (change === undefined) return;
    const key = `${agency} ${purpose}`;
    const effect = entry(this.#effects, key, () => ({ ...none(agency, purpose), attributes: new Map() }));
    effect[change] += 1;
    const [had, would] = [before ?? 0, after ?? 0];
    for (const code of attributesIn((had & ~would) >>> 0)) counts(effect.attributes, code).withheld += 1;
    for (const code of attributesIn((would & ~had) >>> 0)) counts(effect.attributes, code).released += 1;
    entry(this.#persons, `${subject} ${key}`, () => ({ subject, ...none(agency, purpose) }))[change] += 1;
  }

  reply(): Pick<Reply, 'decisions' | 'delivered' | 'notReproduced' | 'effects' | 'persons'> {
    const effects = [...this.#effects.values()].map(
      ({ attributes, ...counted }): Effect => ({
        ...counted,
        attributes: [...attributes].map(([attribute, count]) => ({ attribute, ...count })),
      }),
    );
    const persons: Person[] = [...this.#persons.values()];
    const { decisions, delivered, notReproduced } = this;
    return { decisions, delivered, notReproduced, effects, persons };
  }
}

/** A delivery that loses some attributes and gains others counts as narrowed; its attributes tell of both. */
function changeOf(before: AttributeSet | null, after: AttributeSet | null): Change | undefined {
  if (before === after) return undefined;
  if (after === null) return 'refused';
  if (before === null) return 'widened';
  return (before & ~after) >>> 0 === 0 ? 'widened' : 'narrowed';
}

function none(agency: string, purpose: PurposeCode): Counted {
  return { agency, purpose, refused: 0, narrowed: 0, widened: 0 };
}

function counts(of: Map<AttributeCode, { withheld: number; released: number }>, code: AttributeCode) {
  return entry(of, code, () => ({ withheld: 0, released: 0 }));
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
