import { ATTRIBUTES, type AttributeCode, type AttributeValues } from '@sluice/contracts';

/** 1 self-asserted, 2 evidence seen, 3 authoritative source. */
export type Assurance = 1 | 2 | 3;

/** A value and where it came from. `assertedAt` is Unix time in ms; a tuple, because every profile is stored as JSON. */
export type ProfileEntry = [
  value: unknown,
  assertedBy: string,
  assertedAt: number,
  assurance: Assurance,
  evidence?: string,
];

/** The present values of a person, by attribute code. */
export type Profile = { readonly [C in AttributeCode]?: ProfileEntry };

/** What every value of one change shares. */
export interface Provenance {
  /** `person:…` or `agency:…`. */
  readonly assertedBy: string;
  /** Unix time in ms. */
  readonly assertedAt: number;
  readonly assurance: Assurance;
  readonly evidence?: string;
}

const DAY_MS = 86_400_000;

export function withValues(profile: Profile, values: AttributeValues, provenance: Provenance): Profile {
  const { assertedBy, assertedAt, assurance, evidence } = provenance;
  const next: { [C in AttributeCode]?: ProfileEntry } = { ...profile };
  for (const code in values) {
    const value = values[code as AttributeCode];
    // Whole at once: an array that is pushed to is given room for 17 more, and profiles are kept by the thousand.
    next[code as AttributeCode] =
      evidence === undefined
        ? [value, assertedBy, assertedAt, assurance]
        : [value, assertedBy, assertedAt, assurance, evidence];
  }
  return next;
}

/** Whether nobody confirmed the value for longer than the catalogue allows. `now` is Unix time in ms. */
export function isStale(code: AttributeCode, entry: ProfileEntry, now: number): boolean {
  return now - entry[2] > ATTRIBUTES[code].staleAfterDays * DAY_MS;
}
