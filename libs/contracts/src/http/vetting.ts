import { z } from 'zod';
import { fencePosition } from '../events/consent.js';
import { accreditationScope, agencyCode, agencyDetails, feedPublicKey } from '../events/vetting.js';
import { pastInstant } from '../instant.js';
import { defineEndpoint } from './endpoint.js';

export const AGENCY_STATES = ['applied', 'approved-once', 'accredited', 'suspended', 'revoked', 'refused'] as const;
export const agencyState = z.enum(AGENCY_STATES);

const params = z.strictObject({ agency: agencyCode });

export const agencyView = z.strictObject({
  agency: agencyCode,
  version: z.int(),
  state: agencyState,
  details: agencyDetails,
  scope: accreditationScope,
  keyEpoch: z.int(),
});
export type AgencyView = z.output<typeof agencyView>;

/** A sanction and, once every lane answered, its signed receipt. */
export const sanctionReply = z.strictObject({
  agency: agencyCode,
  version: z.int(),
  state: agencyState,
  effect: z.enum(['recorded', 'effective']),
  fences: z.array(fencePosition),
  receipt: z.string().optional(),
  receiptUrl: z.string(),
});
export type SanctionReply = z.output<typeof sanctionReply>;

const reason = z.strictObject({ reason: z.string().trim().min(3).max(200) });
const COMMON = ['unknown-agency', 'wrong-state', 'idempotency-mismatch'] as const;
const command = { service: 'vetting', method: 'POST', idempotent: true, status: 200 } as const;

export const applyAsAgency = defineEndpoint({
  ...command,
  id: 'applyAsAgency',
  path: '/agencies',
  summary: 'An institution applies to take part',
  description: 'The caller’s token names the agency; the public key is what its feed will be encrypted to.',
  who: ['agency'],
  body: z.strictObject({
    agency: agencyCode,
    details: agencyDetails,
    scope: accreditationScope,
    publicKey: feedPublicKey,
  }),
  reply: agencyView,
  status: 201,
  problems: ['already-exists', 'not-allowed', 'outside-purpose', 'idempotency-mismatch'],
});

export const approveAgency = defineEndpoint({
  ...command,
  id: 'approveAgency',
  path: '/agencies/:agency/approvals',
  summary: 'A reviewer approves; the second, another person, accredits',
  who: ['reviewer'],
  params,
  body: z.strictObject({
    scope: accreditationScope.optional().describe('narrower than applied for; the second approval must name the same'),
  }),
  reply: agencyView,
  problems: [...COMMON, 'same-person', 'outside-purpose'],
});

export const refuseAgency = defineEndpoint({
  ...command,
  id: 'refuseAgency',
  path: '/agencies/:agency/refusals',
  summary: 'A reviewer refuses an application',
  who: ['reviewer'],
  params,
  body: reason,
  reply: agencyView,
  problems: COMMON,
});

export const suspendAgency = defineEndpoint({
  ...command,
  id: 'suspendAgency',
  path: '/agencies/:agency/suspension',
  summary: 'A supervisor suspends an agency: every lane is fenced',
  who: ['supervisor'],
  params,
  body: reason,
  reply: sanctionReply,
  otherStatuses: [202],
  waits: true,
  problems: COMMON,
});

export const restoreAgency = defineEndpoint({
  ...command,
  id: 'restoreAgency',
  path: '/agencies/:agency/restoration',
  summary: 'A supervisor restores a suspended agency; fresh snapshots follow',
  who: ['supervisor'],
  params,
  reply: agencyView,
  problems: COMMON,
});

export const revokeAgency = defineEndpoint({
  ...command,
  id: 'revokeAgency',
  path: '/agencies/:agency/revocation',
  summary: 'A supervisor revokes an accreditation for good',
  who: ['supervisor'],
  params,
  body: reason,
  reply: sanctionReply,
  otherStatuses: [202],
  waits: true,
  problems: COMMON,
});

export const registerKey = defineEndpoint({
  ...command,
  id: 'registerKey',
  method: 'PUT',
  path: '/agencies/:agency/key',
  summary: 'The agency registers a new public key; the feed’s next epoch uses it',
  who: ['agency'],
  params,
  body: z.strictObject({ publicKey: feedPublicKey }),
  reply: agencyView,
  problems: COMMON,
});

export const readAgency = defineEndpoint({
  id: 'readAgency',
  service: 'vetting',
  method: 'GET',
  path: '/agencies/:agency',
  summary: 'One agency',
  who: ['person', 'agency', 'reviewer', 'supervisor', 'auditor'],
  params,
  reply: agencyView,
  status: 200,
  problems: ['unknown-agency'],
});

export const readAgencyAsOf = defineEndpoint({
  id: 'readAgencyAsOf',
  service: 'vetting',
  method: 'GET',
  path: '/agencies/:agency/as-of',
  summary: 'One agency as it stood at a past time',
  description:
    'By the recorded times of its events. An agency sees itself only. What staff look up is recorded as an administrative act.',
  who: ['person', 'agency', 'reviewer', 'supervisor', 'operator', 'auditor'],
  params,
  query: z.strictObject({ at: pastInstant }),
  reply: z.strictObject({
    agency: agencyCode,
    at: z.iso.datetime(),
    version: z.int().min(1),
    state: agencyState,
    scope: accreditationScope,
    /** When this version was recorded. */
    since: z.iso.datetime(),
  }),
  status: 200,
  problems: ['unknown-agency', 'cannot-record'],
});

export const listAgencies = defineEndpoint({
  id: 'listAgencies',
  service: 'vetting',
  method: 'GET',
  path: '/agencies',
  summary: 'The agencies that take part',
  who: ['person', 'agency', 'reviewer', 'supervisor', 'auditor'],
  query: z.strictObject({ state: agencyState.optional() }),
  reply: z.strictObject({ agencies: z.array(agencyView) }),
  status: 200,
  problems: [],
});

export const readSanction = defineEndpoint({
  id: 'readSanction',
  service: 'vetting',
  method: 'GET',
  path: '/agencies/:agency/sanction',
  summary: 'The last sanction and its receipt',
  who: ['agency', 'supervisor', 'auditor'],
  params,
  reply: sanctionReply,
  status: 200,
  otherStatuses: [202],
  waits: true,
  problems: ['unknown-agency', 'wrong-state'],
});

export const readVettingReceiptKey = defineEndpoint({
  id: 'readVettingReceiptKey',
  service: 'vetting',
  method: 'GET',
  path: '/receipt-keys',
  summary: 'The public keys that receipts are checked with',
  who: [],
  reply: z.strictObject({ keys: z.array(z.record(z.string(), z.unknown())) }),
  status: 200,
  problems: [],
});

export const vettingEndpoints = [
  applyAsAgency,
  approveAgency,
  refuseAgency,
  suspendAgency,
  restoreAgency,
  revokeAgency,
  registerKey,
  readAgency,
  readAgencyAsOf,
  listAgencies,
  readSanction,
  readVettingReceiptKey,
] as const;
