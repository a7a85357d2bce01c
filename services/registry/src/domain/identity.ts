import type { ValueTexts } from './profile.js';

/** What tells two persons apart for certain: a document's number, with whatever makes it unique. */
export interface Identity {
  /** `resident-id`, `passport`, `residence-permit`. */
  readonly kind: string;
  /** In its normal form: upper case, for other countries' documents behind the country. */
  readonly value: string;
}

interface IdentityDocument {
  type: 'resident-id' | 'passport' | 'residence-permit';
  number: string;
  issuedBy?: string;
}

/** The identity that accepted values name, if any. */
export function identityIn({ identityDocument }: ValueTexts): Identity | undefined {
  if (identityDocument === undefined) return undefined;
  const { type, number, issuedBy } = JSON.parse(identityDocument) as IdentityDocument;
  return { kind: type, value: issuedBy === undefined ? number : `${issuedBy}:${number}` };
}
