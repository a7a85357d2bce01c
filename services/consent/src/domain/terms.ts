import {
  ATTRIBUTES,
  type AttributeCode,
  attributeSet,
  attributesIn,
  type GrantMode,
  type GrantTerms,
  type ProblemDetail,
  PURPOSES,
  type PurposeCode,
  type PurposeDefinition,
  purposeBound,
} from '@sluice/contracts';
import type { Refused } from './grant.js';

const DAY_MS = 86_400_000;

/** What a request or an offer asks for; days count from the moment it is made. */
export interface Proposal {
  readonly agency: string;
  readonly purpose: PurposeCode;
  readonly attributes: readonly AttributeCode[];
  readonly mode: GrantMode;
  readonly validityDays: number;
  readonly dataLifeDays: number;
}

/**
 * The terms of a proposal, within what the catalogue allows its purpose; the basis of every grant is consent. Both ends
 * of the validity are fixed here, so that what a side read is what it agrees to, however late the other side answers.
 */
export function termsOf(proposal: Proposal, now: Date): GrantTerms | Refused {
  const errors = beyondPurpose(proposal);
  if (errors.length > 0) return { refused: 'outside-purpose', errors };
  const { agency, purpose, attributes, mode, validityDays, dataLifeDays } = proposal;
  return {
    agency,
    purpose,
    attributes: inCatalogueOrder(attributes),
    mode,
    validFrom: now.toISOString(),
    validUntil: new Date(now.getTime() + validityDays * DAY_MS).toISOString(),
    dataLifeDays,
    basis: 'consent',
  };
}

/** A second attribute set of the same terms, within the same bounds. */
export function attributesBeyond(
  { purpose, mode }: { purpose: PurposeCode; mode: GrantMode },
  attributes: readonly AttributeCode[],
): boolean {
  const beyond = (attributeSet(attributes) & ~purposeBound(purpose)) >>> 0;
  return beyond !== 0 || attributes.some((attribute) => !ATTRIBUTES[attribute].modes.includes(mode));
}

/** Some attributes are so sensitive that a supervisor has the last word. */
export function needsReview(attributes: readonly AttributeCode[]): boolean {
  return attributes.some((attribute) => ATTRIBUTES[attribute].reviewed);
}

export function inCatalogueOrder(attributes: readonly AttributeCode[]): AttributeCode[] {
  return attributesIn(attributeSet(attributes));
}

function beyondPurpose({ purpose, attributes, mode, validityDays, dataLifeDays }: Proposal): ProblemDetail[] {
  const definition: PurposeDefinition = PURPOSES[purpose];
  const rules: [boolean, ProblemDetail][] = [
    [!definition.bases.includes('consent'), { path: 'body.purpose', rule: 'open-to-consent' }],
    [!definition.modes.includes(mode), { path: 'body.mode', rule: 'mode-of-the-purpose' }],
    [attributesBeyond({ purpose, mode }, attributes), { path: 'body.attributes', rule: 'within-the-purpose' }],
    [validityDays > definition.maxValidityDays, { path: 'body.validityDays', rule: 'within-the-purpose' }],
    [dataLifeDays > definition.maxDataLifeDays, { path: 'body.dataLifeDays', rule: 'within-the-purpose' }],
  ];
  return rules.filter(([broken]) => broken).map(([, detail]) => detail);
}
