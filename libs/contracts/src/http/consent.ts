import { z } from 'zod';
import { attributeCode } from '../catalogue/attributes.js';
import { purposeCode } from '../catalogue/purposes.js';
import { fencePosition, grantMode, grantTerms, shownText } from '../events/consent.js';
import { agencyCode } from '../events/vetting.js';
import { uuid } from '../ids.js';
import { pastInstant } from '../instant.js';
import { policyProposal } from '../policy.js';
import { defineEndpoint } from './endpoint.js';

export const GRANT_STATES = [
  'requested',
  'offered',
  'in-review',
  'active',
  'paused',
  'withdrawn',
  'ended',
  'expired',
  'stopped',
  'refused',
] as const;
export const grantState = z.enum(GRANT_STATES);

const grantParams = z.strictObject({ grant: uuid });

/** A grant as its person, its recipient and supervisors see it. The subject is pairwise for agencies. */
export const grantView = z.strictObject({
  grant: uuid,
  version: z.int(),
  state: grantState,
  subject: uuid,
  terms: grantTerms,
  /** A widening that waits for the other side. */
  proposed: z.array(attributeCode).optional(),
  receipt: z.string().optional(),
});
export type GrantView = z.output<typeof grantView>;

/** A receipt: where the stop stands in the lane, and the signed statement (JWS, EdDSA) to keep. */
export const stopReply = z.strictObject({
  grant: uuid,
  version: z.int(),
  state: grantState,
  /** `recorded`: will take effect, ask `receipt` later. `effective`: nothing it forbids follows the fence. */
  effect: z.enum(['recorded', 'effective']),
  fence: fencePosition.optional(),
  receipt: z.string().optional(),
  receiptUrl: z.string(),
});
export type StopReply = z.output<typeof stopReply>;

const termsProposal = {
  purpose: purposeCode,
  attributes: z.array(attributeCode).min(1).max(32),
  mode: grantMode,
  validityDays: z.int().min(1),
  dataLifeDays: z.int().min(1),
};

const command = { service: 'consent', method: 'POST', idempotent: true, status: 200 } as const;
const COMMON = ['unknown-grant', 'wrong-state', 'stale-version', 'idempotency-mismatch'] as const;

export const readAlias = defineEndpoint({
  id: 'readAlias',
  service: 'consent',
  method: 'GET',
  path: '/aliases/:agency',
  summary: 'The id under which one agency knows you',
  description: 'A person hands this to the agency; another agency sees another id.',
  who: ['person'],
  params: z.strictObject({ agency: agencyCode }),
  reply: z.strictObject({ agency: agencyCode, alias: uuid }),
  status: 200,
  problems: ['unknown-agency'],
});

export const requestGrant = defineEndpoint({
  ...command,
  id: 'requestGrant',
  path: '/grants/requests',
  summary: 'An accredited agency asks a person for a grant',
  who: ['agency'],
  body: z.strictObject({ subject: uuid.describe('the alias the person gave'), ...termsProposal }),
  reply: grantView,
  status: 201,
  problems: ['not-accredited', 'outside-purpose', 'idempotency-mismatch'],
});

export const offerGrant = defineEndpoint({
  ...command,
  id: 'offerGrant',
  path: '/grants/offers',
  summary: 'A person offers a grant to an agency',
  who: ['person'],
  body: z.strictObject({ agency: agencyCode, ...termsProposal, shown: shownText }),
  reply: grantView,
  status: 201,
  problems: ['unknown-agency', 'not-accredited', 'outside-purpose', 'idempotency-mismatch'],
});

export const giveGrant = defineEndpoint({
  ...command,
  id: 'giveGrant',
  path: '/grants/:grant/give',
  summary: 'The person gives what the agency asked for',
  who: ['person'],
  params: grantParams,
  body: z.strictObject({ shown: shownText }),
  reply: grantView,
  problems: [...COMMON, 'not-accredited'],
});

export const acceptGrant = defineEndpoint({
  ...command,
  id: 'acceptGrant',
  path: '/grants/:grant/accept',
  summary: 'The agency accepts what the person offered',
  who: ['agency'],
  params: grantParams,
  reply: grantView,
  problems: [...COMMON, 'not-accredited'],
});

export const refuseGrant = defineEndpoint({
  ...command,
  id: 'refuseGrant',
  path: '/grants/:grant/refuse',
  summary: 'Either side declines a request or an offer',
  who: ['person', 'agency'],
  params: grantParams,
  reply: grantView,
  problems: COMMON,
});

export const reviewGrant = defineEndpoint({
  ...command,
  id: 'reviewGrant',
  path: '/grants/:grant/review',
  summary: 'A supervisor decides on a sensitive grant',
  who: ['supervisor'],
  params: grantParams,
  body: z.strictObject({ outcome: z.enum(['approve', 'refuse']) }),
  reply: grantView,
  problems: [...COMMON, 'not-accredited'],
});

export const pauseGrant = defineEndpoint({
  ...command,
  id: 'pauseGrant',
  path: '/grants/:grant/pause',
  summary: 'The person pauses a grant',
  who: ['person'],
  params: grantParams,
  reply: stopReply,
  otherStatuses: [202],
  waits: true,
  problems: COMMON,
});

export const resumeGrant = defineEndpoint({
  ...command,
  id: 'resumeGrant',
  path: '/grants/:grant/resume',
  summary: 'The person resumes a paused grant',
  who: ['person'],
  params: grantParams,
  reply: grantView,
  problems: [...COMMON, 'not-accredited'],
});

export const narrowGrant = defineEndpoint({
  ...command,
  id: 'narrowGrant',
  path: '/grants/:grant/narrow',
  summary: 'Take attributes out of a grant',
  who: ['person', 'agency', 'supervisor'],
  params: grantParams,
  body: z.strictObject({ remove: z.array(attributeCode).min(1).max(32) }),
  reply: stopReply,
  otherStatuses: [202],
  waits: true,
  problems: COMMON,
});

export const widenGrant = defineEndpoint({
  ...command,
  id: 'widenGrant',
  path: '/grants/:grant/widen',
  summary: 'Propose more attributes, or agree to what the other side proposed',
  description: 'The first call of one side proposes; the same attributes from the other side make the agreement.',
  who: ['person', 'agency'],
  params: grantParams,
  body: z.strictObject({ add: z.array(attributeCode).min(1).max(32), shown: shownText.optional() }),
  reply: grantView,
  problems: [...COMMON, 'not-accredited', 'outside-purpose'],
});

export const withdrawGrant = defineEndpoint({
  ...command,
  id: 'withdrawGrant',
  path: '/grants/:grant/withdraw',
  summary: 'The person withdraws a grant',
  description:
    'Waits up to `Prefer: wait=N` seconds (default 2) for the fence: 200 with the receipt, or 202 with the link where it will be.',
  who: ['person'],
  params: grantParams,
  body: z.strictObject({ deleteData: z.boolean().default(false) }).optional(),
  reply: stopReply,
  otherStatuses: [202],
  waits: true,
  problems: COMMON,
});

export const endGrant = defineEndpoint({
  ...command,
  id: 'endGrant',
  path: '/grants/:grant/end',
  summary: 'The agency ends a grant it no longer needs',
  who: ['agency'],
  params: grantParams,
  reply: stopReply,
  otherStatuses: [202],
  waits: true,
  problems: COMMON,
});

export const stopGrant = defineEndpoint({
  ...command,
  id: 'stopGrant',
  path: '/grants/:grant/stop',
  summary: 'A supervisor stops a grant',
  who: ['supervisor'],
  params: grantParams,
  reply: stopReply,
  otherStatuses: [202],
  waits: true,
  problems: COMMON,
});

export const readGrant = defineEndpoint({
  id: 'readGrant',
  service: 'consent',
  method: 'GET',
  path: '/grants/:grant',
  summary: 'One grant',
  who: ['person', 'agency', 'supervisor'],
  params: grantParams,
  reply: grantView,
  status: 200,
  problems: ['unknown-grant'],
});

export const listGrants = defineEndpoint({
  id: 'listGrants',
  service: 'consent',
  method: 'GET',
  path: '/grants',
  summary: 'One’s grants, newest first',
  who: ['person', 'agency'],
  query: z.strictObject({
    state: grantState.optional(),
    cursor: z.string().max(200).optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  reply: z.strictObject({ grants: z.array(grantView), next: z.string().optional() }),
  status: 200,
  problems: [],
});

/** A grant as it stood at a past time. */
const grantAsOf = z.strictObject({
  grant: uuid,
  version: z.int(),
  state: grantState,
  terms: grantTerms,
  /** A widening that waited for the other side. */
  proposed: z.array(attributeCode).optional(),
  /** When this version was recorded. */
  since: z.iso.datetime(),
  /** Whether every stop, pause and narrowing up to then had its fence: until then some of it may still have flowed. */
  fenced: z.boolean(),
});
export type GrantAsOf = z.output<typeof grantAsOf>;

export const readGrantsAsOf = defineEndpoint({
  id: 'readGrantsAsOf',
  service: 'consent',
  method: 'GET',
  path: '/subjects/:subject/grants-as-of',
  summary: 'A person’s grants as they stood at a past time',
  description:
    'By the recorded times of the person’s events, which are the authority’s own. An agency sees its own grants, and names the person by the alias it knows. The reading is recorded first.',
  who: ['person', 'agency', 'supervisor', 'operator', 'auditor'],
  params: z.strictObject({ subject: uuid }),
  query: z.strictObject({ at: pastInstant, agency: agencyCode.optional() }),
  reply: z.strictObject({ subject: uuid, at: z.iso.datetime(), grants: z.array(grantAsOf) }),
  status: 200,
  problems: ['unknown-subject', 'cannot-record'],
});

export const countTouchedGrants = defineEndpoint({
  id: 'countTouchedGrants',
  service: 'consent',
  method: 'POST',
  path: '/grants/what-if',
  summary: 'How many of today’s active grants a policy would touch',
  description: 'Changes nothing. Recorded as an administrative act.',
  who: ['supervisor', 'operator'],
  body: z.strictObject({ proposal: policyProposal }),
  reply: z.strictObject({
    at: z.iso.datetime(),
    touched: z.array(
      z.strictObject({
        agency: agencyCode,
        purpose: purposeCode,
        /** Active grants of this agency and purpose. */
        active: z.int(),
        /** Of these: nothing would flow any more, less would, more would. */
        stopped: z.int(),
        narrowed: z.int(),
        widened: z.int(),
      }),
    ),
  }),
  status: 200,
  problems: ['cannot-record'],
});

export const readReceipt = defineEndpoint({
  id: 'readReceipt',
  service: 'consent',
  method: 'GET',
  path: '/grants/:grant/receipt',
  summary: 'The receipt of the last stop, pause or narrowing',
  who: ['person', 'agency', 'supervisor'],
  params: grantParams,
  reply: stopReply,
  status: 200,
  otherStatuses: [202],
  waits: true,
  problems: ['unknown-grant', 'wrong-state'],
});

export const readConsentReceiptKey = defineEndpoint({
  id: 'readConsentReceiptKey',
  service: 'consent',
  method: 'GET',
  path: '/receipt-keys',
  summary: 'The public keys that receipts are checked with',
  who: [],
  reply: z.strictObject({ keys: z.array(z.record(z.string(), z.unknown())) }),
  status: 200,
  problems: [],
});

export const consentEndpoints = [
  readAlias,
  requestGrant,
  offerGrant,
  giveGrant,
  acceptGrant,
  refuseGrant,
  reviewGrant,
  pauseGrant,
  resumeGrant,
  narrowGrant,
  widenGrant,
  withdrawGrant,
  endGrant,
  stopGrant,
  readGrant,
  listGrants,
  readGrantsAsOf,
  countTouchedGrants,
  readReceipt,
  readConsentReceiptKey,
] as const;
