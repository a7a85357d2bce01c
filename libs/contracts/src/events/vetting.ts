import { z } from 'zod';
import { attributeCode } from '../catalogue/attributes.js';
import { isUnifiedSocialCreditCode } from '../catalogue/identifiers.js';
import { purposeCode } from '../catalogue/purposes.js';
import { fencePosition, grantMode } from './consent.js';

/** Events of vetting.events, keyed by agency. */
export const AGENCY_APPLIED = 'sluice.vetting.agency-applied.v1';
export const AGENCY_APPROVED_ONCE = 'sluice.vetting.agency-approved-once.v1';
export const AGENCY_ACCREDITED = 'sluice.vetting.agency-accredited.v1';
export const AGENCY_REFUSED = 'sluice.vetting.agency-refused.v1';
export const AGENCY_SUSPENDED = 'sluice.vetting.agency-suspended.v1';
export const AGENCY_RESTORED = 'sluice.vetting.agency-restored.v1';
export const AGENCY_REVOKED = 'sluice.vetting.agency-revoked.v1';
export const AGENCY_KEY_REGISTERED = 'sluice.vetting.agency-key-registered.v1';
/** All lanes answered: the receipt of a sanction is complete. */
export const AGENCY_FENCED = 'sluice.vetting.agency-fenced.v1';

/** Agency codes are readable, and part of topic names: `harbour-bank` owns `feed.harbour-bank`. */
export const agencyCode = z.string().regex(/^[a-z][a-z0-9-]{2,39}$/, 'agency-code');

/** A public key that blocks are encrypted to: ECDH-ES over P-256 (RFC 7517, RFC 7518 section 4.6). */
export const feedPublicKey = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().regex(/^[\w-]{43}$/),
  y: z.string().regex(/^[\w-]{43}$/),
  kid: z.string().max(100).optional(),
});
export type FeedPublicKey = z.output<typeof feedPublicKey>;

export const accreditationScope = z.strictObject({
  /** What it may receive: for each purpose these attributes, in these modes. */
  receives: z
    .array(
      z.strictObject({
        purpose: purposeCode,
        attributes: z.array(attributeCode).min(1),
        modes: z.array(grantMode).min(1),
      }),
    )
    .max(9),
  /** What it may assert as a publisher. */
  publishes: z.array(attributeCode),
  until: z.iso.datetime(),
});
export type AccreditationScope = z.output<typeof accreditationScope>;

export const agencyDetails = z.strictObject({
  name: z.strictObject({ en: z.string().trim().min(1).max(120), zh: z.string().trim().min(1).max(120) }),
  uscc: z.string().refine(isUnifiedSocialCreditCode, 'gb-32100-code'),
  kind: z.enum(['bank', 'credit-bureau', 'tax', 'social-security', 'court', 'other']),
});

const base = { agency: agencyCode, agencyVersion: z.int().min(1) };

export const vettingEvents = {
  [AGENCY_APPLIED]: z.strictObject({
    ...base,
    details: agencyDetails,
    scope: accreditationScope,
    publicKey: feedPublicKey,
  }),
  [AGENCY_APPROVED_ONCE]: z.strictObject({ ...base, by: z.string() }),
  [AGENCY_ACCREDITED]: z.strictObject({
    ...base,
    details: agencyDetails,
    scope: accreditationScope,
    publicKey: feedPublicKey,
    keyEpoch: z.int().min(1),
  }),
  [AGENCY_REFUSED]: z.strictObject({ ...base, by: z.string() }),
  [AGENCY_SUSPENDED]: z.strictObject({ ...base, by: z.string(), reason: z.string().max(200) }),
  [AGENCY_RESTORED]: z.strictObject({ ...base, by: z.string() }),
  [AGENCY_REVOKED]: z.strictObject({ ...base, by: z.string(), reason: z.string().max(200) }),
  [AGENCY_KEY_REGISTERED]: z.strictObject({ ...base, publicKey: feedPublicKey, keyEpoch: z.int().min(1) }),
  [AGENCY_FENCED]: z.strictObject({ ...base, sanctionVersion: z.int(), fences: z.array(fencePosition) }),
} as const;

export type VettingEventType = keyof typeof vettingEvents;
export type VettingEventData<T extends VettingEventType> = z.output<(typeof vettingEvents)[T]>;
