import { z } from 'zod';
import { attributeCode } from '../catalogue/attributes.js';
import { LAWFUL_BASES, purposeCode } from '../catalogue/purposes.js';
import { uuid } from '../ids.js';

/** Events of consent.events; the stream is the subject: all grants of one person, in one order. */
export const GRANT_REQUESTED = 'sluice.consent.grant-requested.v1';
export const GRANT_OFFERED = 'sluice.consent.grant-offered.v1';
export const GRANT_SENT_TO_REVIEW = 'sluice.consent.grant-sent-to-review.v1';
export const GRANT_REFUSED = 'sluice.consent.grant-refused.v1';
export const GRANT_ACTIVATED = 'sluice.consent.grant-activated.v1';
export const GRANT_PAUSED = 'sluice.consent.grant-paused.v1';
export const GRANT_RESUMED = 'sluice.consent.grant-resumed.v1';
export const GRANT_NARROWED = 'sluice.consent.grant-narrowed.v1';
export const GRANT_WIDENING_PROPOSED = 'sluice.consent.grant-widening-proposed.v1';
export const GRANT_WIDENED = 'sluice.consent.grant-widened.v1';
export const GRANT_STOPPED = 'sluice.consent.grant-stopped.v1';
/** A restored agency asks for fresh snapshots of what it missed. */
export const GRANT_SNAPSHOT_REQUESTED = 'sluice.consent.grant-snapshot-requested.v1';
/** The fence answered: the receipt of a stop is complete. */
export const GRANT_FENCED = 'sluice.consent.grant-fenced.v1';

export const grantMode = z.enum(['stream', 'snapshot', 'query']);

/** What the two sides agree on. */
export const grantTerms = z.strictObject({
  agency: z.string(),
  purpose: purposeCode,
  attributes: z.array(attributeCode).min(1),
  mode: grantMode,
  /** RFC 3339 instants. */
  validFrom: z.iso.datetime(),
  validUntil: z.iso.datetime(),
  dataLifeDays: z.int().min(1),
  basis: z.enum(LAWFUL_BASES),
});
export type GrantTerms = z.output<typeof grantTerms>;

/** The text a person saw when agreeing, and how. */
export const shownText = z.strictObject({
  version: z.string().max(40),
  language: z.enum(['en', 'zh']),
  channel: z.enum(['app', 'web', 'branch', 'api']),
});

/** Fields of every grant event: enough to act on one without having seen those before it. */
const grantBase = {
  grant: uuid,
  subject: uuid,
  /** The grant's own version, which decisions name. */
  grantVersion: z.int().min(1),
  terms: grantTerms,
};

export const GRANT_STOPS = ['withdrawn', 'ended', 'expired', 'stopped'] as const;
export const grantStop = z.enum(GRANT_STOPS);
export type GrantStop = z.output<typeof grantStop>;

export const fencePosition = z.strictObject({
  lane: z.int().min(0),
  /** The sequence of the notice in the lane: the last thing the grant causes there. */
  sequence: z.int().min(1),
});
export type FencePosition = z.output<typeof fencePosition>;

export const consentEvents = {
  [GRANT_REQUESTED]: z.strictObject({ ...grantBase }),
  [GRANT_OFFERED]: z.strictObject({ ...grantBase, shown: shownText }),
  [GRANT_SENT_TO_REVIEW]: z.strictObject({ ...grantBase }),
  [GRANT_REFUSED]: z.strictObject({ ...grantBase, by: z.enum(['person', 'agency', 'supervisor']) }),
  [GRANT_ACTIVATED]: z.strictObject({ ...grantBase }),
  [GRANT_PAUSED]: z.strictObject({ ...grantBase }),
  [GRANT_RESUMED]: z.strictObject({ ...grantBase }),
  /** `terms` are those after narrowing. */
  [GRANT_NARROWED]: z.strictObject({ ...grantBase, removed: z.array(attributeCode).min(1) }),
  /** `terms` are the present ones; nothing changes before the other side accepts. */
  [GRANT_WIDENING_PROPOSED]: z.strictObject({
    ...grantBase,
    proposed: z.array(attributeCode).min(1),
    by: z.enum(['person', 'agency']),
  }),
  [GRANT_WIDENED]: z.strictObject({ ...grantBase, added: z.array(attributeCode).min(1) }),
  [GRANT_STOPPED]: z.strictObject({ ...grantBase, stop: grantStop, deleteBy: z.iso.datetime().optional() }),
  [GRANT_SNAPSHOT_REQUESTED]: z.strictObject({ ...grantBase }),
  [GRANT_FENCED]: z.strictObject({ ...grantBase, fence: fencePosition, fencedVersion: z.int() }),
} as const;

export type ConsentEventType = keyof typeof consentEvents;
export type ConsentEventData<T extends ConsentEventType> = z.output<(typeof consentEvents)[T]>;
