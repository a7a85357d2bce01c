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

/** What every value of one change shares. */
export interface Provenance {
  /** `person:…` or `agency:…`. */
  readonly assertedBy: string;
  /** Unix time in ms. */
  readonly assertedAt: number;
  readonly assurance: Assurance;
  readonly evidence?: string;
}

/**
 * Values as JSON without white space, by attribute code: as they are compared, sealed and kept. The catalogue's schemas
 * give members their order and trim texts, so that the same value has the same text.
 */
export type ValueTexts = { readonly [C in AttributeCode]?: string };
export type Writable<T> = { -readonly [K in keyof T]: T[K] };

export function textsOf(values: AttributeValues): ValueTexts {
  const texts: Writable<ValueTexts> = {};
  for (const code in values) texts[code as AttributeCode] = JSON.stringify(values[code as AttributeCode]);
  return texts;
}

/** Without a text, an entry whose value has no content. */
export function entryOf(
  text: string | undefined,
  { assertedBy, assertedAt, assurance, evidence }: Provenance,
): ProfileEntry {
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  const entry: ProfileEntry = [value, assertedBy, assertedAt, assurance];
  if (evidence !== undefined) entry.push(evidence);
  return entry;
}

/** How a profile is stored. */
type Stored = readonly [version: number, entries: { readonly [C in AttributeCode]?: ProfileEntry }];

/**
 * The present values of a person. `version` counts the changes that made it, and is what callers see: a snapshot is an
 * event too, but it makes nobody's view stale.
 *
 * It holds texts, as they are stored: tens of thousands of profiles are kept in memory, and what is an object there is
 * copied and visited by the collector of garbage over and over.
 */
export class Profile {
  static readonly NONE = new Profile(0, {}, {});

  private constructor(
    readonly version: number,
    private readonly texts: ValueTexts,
    /** Of each entry, what follows the value, as a JSON array; all entries of one change share theirs. */
    private readonly origins: ValueTexts,
  ) {}

  /** @param json another one's `json` */
  static parse(json: string): Profile {
    return Profile.of(...(JSON.parse(json) as Stored));
  }

  static of(version: Stored[0], entries: Stored[1]): Profile {
    const texts: Writable<ValueTexts> = {};
    const origins: Writable<ValueTexts> = {};
    for (const name in entries) {
      const code = name as AttributeCode;
      const [value, ...origin] = entries[code]!;
      texts[code] = JSON.stringify(value);
      origins[code] = JSON.stringify(origin);
    }
    return new Profile(version, texts, origins);
  }

  /** As it is stored. */
  get json(): string {
    let entries = '';
    for (const name in this.texts) {
      const code = name as AttributeCode;
      if (entries !== '') entries += ',';
      entries += `"${code}":[${this.texts[code]},${this.origins[code]!.slice(1)}`;
    }
    return `[${this.version},{${entries}}]`;
  }

  codes(): AttributeCode[] {
    return Object.keys(this.texts) as AttributeCode[];
  }

  entry(code: AttributeCode): ProfileEntry | undefined {
    const text = this.texts[code];
    if (text === undefined) return undefined;
    return JSON.parse(`[${text},${this.origins[code]!.slice(1)}`) as ProfileEntry;
  }

  /** The value as JSON. */
  text(code: AttributeCode): string | undefined {
    return this.texts[code];
  }

  /** After one more change. */
  with(texts: ValueTexts, { assertedBy, assertedAt, assurance, evidence }: Provenance): Profile {
    const origin = JSON.stringify(
      evidence === undefined ? [assertedBy, assertedAt, assurance] : [assertedBy, assertedAt, assurance, evidence],
    );
    const origins: Writable<ValueTexts> = { ...this.origins };
    for (const code in texts) origins[code as AttributeCode] = origin;
    return new Profile(this.version + 1, { ...this.texts, ...texts }, origins);
  }
}

const DAY_MS = 86_400_000;

/** Whether nobody confirmed the value for longer than the catalogue allows. `now` is Unix time in ms. */
export function isStale(code: AttributeCode, entry: ProfileEntry, now: number): boolean {
  return now - entry[2] > ATTRIBUTES[code].staleAfterDays * DAY_MS;
}
