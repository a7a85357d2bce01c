import { isDeepStrictEqual } from 'node:util';

/** One thing that was observed, beside what should be. */
export interface Fact {
  what: string;
  expected: unknown;
  observed: unknown;
  holds: boolean;
}

/** Collects what the demo observes; nothing is taken for granted. */
export class Facts {
  readonly all: Fact[] = [];

  /** Notes whether an observation is what it should be, and answers so. */
  check(what: string, observed: unknown, expected: unknown): boolean {
    const holds = isDeepStrictEqual(observed, expected);
    this.all.push({ what, expected, observed, holds });
    return holds;
  }

  get broken(): Fact[] {
    return this.all.filter((fact) => !fact.holds);
  }
}
