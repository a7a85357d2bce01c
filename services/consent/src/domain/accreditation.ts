import type { AccreditationScope, AttributeCode, GrantMode, PurposeCode } from '@sluice/contracts';

/** What vetting allows an agency, as far as it has reached this service. */
export interface Accreditation {
  readonly agency: string;
  readonly state: 'accredited' | 'suspended' | 'revoked';
  readonly scope: AccreditationScope;
}

/** What somebody wants an agency to receive. */
export interface Wanted {
  readonly purpose: PurposeCode;
  readonly attributes: readonly AttributeCode[];
  readonly mode: GrantMode;
}

/** Whether the agency may receive these attributes, for this purpose, in this mode, at this moment. */
export function covers(accreditation: Accreditation | undefined, wanted: Wanted, now: Date): boolean {
  if (accreditation?.state !== 'accredited') return false;
  if (now.getTime() >= Date.parse(accreditation.scope.until)) return false;
  const receives = accreditation.scope.receives.filter(({ purpose }) => purpose === wanted.purpose);
  return wanted.attributes.every((attribute) =>
    receives.some(({ attributes, modes }) => modes.includes(wanted.mode) && attributes.includes(attribute)),
  );
}
