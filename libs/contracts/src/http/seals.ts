import { z } from 'zod';
import { purposeCode } from '../catalogue/purposes.js';
import { agencyCode } from '../events/vetting.js';
import { uuid } from '../ids.js';
import { defineEndpoint } from './endpoint.js';
import { pageQuery } from './history.js';

export const SEAL_STATES = ['drafted', 'sealed', 'refused', 'lifted'] as const;
export const sealState = z.enum(SEAL_STATES);

const terms = {
  subject: uuid,
  agency: agencyCode,
  /** Absent: whatever the purpose. An entry that names no purpose is sealed too. */
  purpose: purposeCode.optional(),
  /** Reference of the legal instrument, as the person will see it. */
  instrument: z.string().trim().min(3).max(200),
  /** Entries from this instant on; absent: all of them. */
  since: z.iso.datetime().optional(),
  until: z.iso.datetime(),
};

export const sealView = z.strictObject({
  seal: uuid,
  version: z.int(),
  state: sealState,
  ...terms,
  draftedBy: z.string(),
  draftedAt: z.iso.datetime(),
  approvedBy: z.string().optional(),
  sealedFrom: z.iso.datetime().optional(),
  liftedAt: z.iso.datetime().optional(),
  reason: z.string().optional(),
});
export type SealView = z.output<typeof sealView>;

const params = z.strictObject({ seal: uuid });
const reason = z.strictObject({ reason: z.string().trim().min(3).max(200) });
const move = { service: 'audit', method: 'POST', idempotent: true, versioned: true, status: 200 } as const;
const MOVE_PROBLEMS = [
  'unknown-seal',
  'wrong-state',
  'stale-version',
  'idempotency-mismatch',
  'cannot-record',
] as const;

export const draftSeal = defineEndpoint({
  id: 'draftSeal',
  service: 'audit',
  method: 'POST',
  path: '/seals',
  summary: 'Draft an order that keeps an agency’s entries from the person they are about',
  description: 'It does nothing before a second member of the staff approves it.',
  who: ['reviewer', 'supervisor'],
  body: z.strictObject(terms),
  reply: sealView,
  status: 201,
  idempotent: true,
  problems: ['wrong-state', 'idempotency-mismatch', 'cannot-record'],
});

export const approveSeal = defineEndpoint({
  ...move,
  id: 'approveSeal',
  path: '/seals/:seal/approval',
  summary: 'A supervisor who did not draft it approves: it holds from now on',
  who: ['supervisor'],
  params,
  reply: sealView,
  problems: [...MOVE_PROBLEMS, 'same-person'],
});

export const refuseSeal = defineEndpoint({
  ...move,
  id: 'refuseSeal',
  path: '/seals/:seal/refusal',
  summary: 'A supervisor refuses a draft',
  who: ['supervisor'],
  params,
  body: reason,
  reply: sealView,
  problems: MOVE_PROBLEMS,
});

export const annulSeal = defineEndpoint({
  ...move,
  id: 'annulSeal',
  path: '/seals/:seal/annulment',
  summary: 'A supervisor lifts a seal before its date: what it kept back shows at once',
  who: ['supervisor'],
  params,
  body: reason,
  reply: sealView,
  problems: MOVE_PROBLEMS,
});

const readers = ['reviewer', 'supervisor', 'auditor'] as const;

export const readSeal = defineEndpoint({
  id: 'readSeal',
  service: 'audit',
  method: 'GET',
  path: '/seals/:seal',
  summary: 'One seal order',
  who: readers,
  params,
  reply: sealView,
  status: 200,
  problems: ['unknown-seal', 'cannot-record'],
});

export const listSeals = defineEndpoint({
  id: 'listSeals',
  service: 'audit',
  method: 'GET',
  path: '/seals',
  summary: 'Seal orders, newest first',
  who: readers,
  query: z.strictObject({ ...pageQuery, state: sealState.optional(), agency: agencyCode.optional() }),
  reply: z.strictObject({ seals: z.array(sealView), next: z.string().optional() }),
  status: 200,
  problems: [],
});

export const sealEndpoints = [draftSeal, approveSeal, refuseSeal, annulSeal, readSeal, listSeals] as const;
