import {
  type Asserter,
  ATTRIBUTE_CODES,
  ATTRIBUTES,
  type AttributeSet,
  attributeSet,
  attributesIn,
} from '@sluice/contracts';
import { attributePath, readValues } from './attribute-values.js';
import { type Assurance, type Provenance, textsOf } from './profile.js';
import { isRefusal, type Refusal } from './refusal.js';
import type { Assertion } from './subject.js';

/** An agency with what its accreditation lets it publish. */
export interface Publisher {
  readonly kind: 'publisher';
  readonly publishes: AttributeSet;
}

/** Who asserts: a person about themselves, or a publisher. */
export type Assertor = { readonly kind: 'person' } | Publisher;

/** The attributes that each kind of asserter can carry with each assurance. */
const REACH: Record<Asserter, Record<Assurance, AttributeSet>> = {
  person: { 1: within('person', 1), 2: within('person', 2), 3: within('person', 3) },
  publisher: { 1: within('publisher', 1), 2: within('publisher', 2), 3: within('publisher', 3) },
};

function within(asserter: Asserter, assurance: Assurance): AttributeSet {
  return attributeSet(
    ATTRIBUTE_CODES.filter(
      (code) =>
        (ATTRIBUTES[code].assertedBy as readonly Asserter[]).includes(asserter) &&
        ATTRIBUTES[code].assurance <= assurance,
    ),
  );
}

/** A person vouches for themselves alone; a publisher has seen evidence, or is the authority that names it. */
function assuranceOf(assertor: Assertor, hasEvidence: boolean): Assurance {
  if (assertor.kind === 'person') return 1;
  return hasEvidence ? 3 : 2;
}

/** The assurance that values of `attributes` get, or a refusal where one of them is not this assertor's to assert. */
export function assertAttributes(
  attributes: AttributeSet,
  assertor: Assertor,
  hasEvidence: boolean,
): Assurance | Refusal<'may-not-assert'> {
  const assurance = assuranceOf(assertor, hasEvidence);
  const reach = REACH[assertor.kind][assurance];
  const allowed = assertor.kind === 'person' ? reach : reach & assertor.publishes;
  const beyond = (attributes & ~allowed) >>> 0;
  if (beyond === 0) return assurance;
  return {
    refused: 'may-not-assert',
    errors: attributesIn(beyond).map((code) => ({
      path: attributePath(code),
      rule: ruleAgainst(1 << ATTRIBUTES[code].bit, assertor),
    })),
  };
}

/** What a request asserts, once the catalogue and the asserter's rights allow it. `assertedAt` is Unix time in ms. */
export function acceptAssertion(
  request: { readonly attributes: Readonly<Record<string, unknown>>; readonly evidence?: string | undefined },
  assertor: Assertor,
  { assertedBy, assertedAt }: Pick<Provenance, 'assertedBy' | 'assertedAt'>,
): Assertion | Refusal<'unknown-attribute' | 'validation-failed' | 'may-not-assert'> {
  const read = readValues(request.attributes);
  if (isRefusal(read)) return read;
  const { evidence } = request;
  const assurance = assertAttributes(read.set, assertor, evidence !== undefined);
  if (typeof assurance !== 'number') return assurance;
  return {
    values: textsOf(read.values),
    provenance: { assertedBy, assertedAt, assurance, ...(evidence !== undefined && { evidence }) },
  };
}

function ruleAgainst(attribute: AttributeSet, assertor: Assertor): string {
  if ((attribute & REACH[assertor.kind][3]) === 0)
    return `asserted-by-${assertor.kind === 'person' ? 'publisher' : 'person'}`;
  if (assertor.kind === 'publisher' && (attribute & assertor.publishes) === 0) return 'in-the-accreditation';
  return 'assurance-needs-evidence';
}
