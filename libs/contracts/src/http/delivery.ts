import { z } from 'zod';
import { attributeCode } from '../catalogue/attributes.js';
import { purposeCode } from '../catalogue/purposes.js';
import { agencyCode } from '../events/vetting.js';
import { uuid } from '../ids.js';
import { policyProposal } from '../policy.js';
import { defineEndpoint } from './endpoint.js';
import { replayEndpoints } from './replays.js';

export const readFeed = defineEndpoint({
  id: 'readFeed',
  service: 'delivery',
  method: 'GET',
  path: '/feeds/:agency',
  summary: 'Where a feed stands: topic, lanes, last sequences',
  who: ['agency', 'operator', 'auditor'],
  params: z.strictObject({ agency: agencyCode }),
  reply: z.strictObject({
    agency: agencyCode,
    topic: z.string(),
    lanes: z.array(z.strictObject({ lane: z.int(), lastSequence: z.int(), lastDigest: z.string() })),
  }),
  status: 200,
  problems: ['unknown-agency'],
});

export const listPartitions = defineEndpoint({
  id: 'listPartitions',
  service: 'delivery',
  method: 'GET',
  path: '/partitions',
  summary: 'Every partition: owner epoch, positions, lag',
  who: ['operator', 'auditor'],
  reply: z.strictObject({
    partitions: z.array(
      z.strictObject({
        partition: z.int(),
        epoch: z.int(),
        ownedHere: z.boolean(),
        registryOffset: z.string(),
        consentOffset: z.string(),
        vettingOffset: z.string(),
        ledgerSequence: z.int(),
        dispatchedSequence: z.int(),
        lag: z.int().optional(),
        halted: z.string().optional(),
      }),
    ),
  }),
  status: 200,
  problems: [],
});

const parkedChange = z.strictObject({
  partition: z.int(),
  offset: z.string(),
  subject: uuid,
  reason: z.string(),
  parkedAt: z.iso.datetime(),
});

export const listParkedChanges = defineEndpoint({
  id: 'listParkedChanges',
  service: 'delivery',
  method: 'GET',
  path: '/parked',
  summary: 'Changes that could not be decided, and those that wait behind them',
  who: ['operator'],
  reply: z.strictObject({ parked: z.array(parkedChange) }),
  status: 200,
  problems: [],
});

export const settleParkedChanges = defineEndpoint({
  id: 'settleParkedChanges',
  service: 'delivery',
  method: 'POST',
  path: '/parked/:subject/settlement',
  summary: 'Retry or discard what is parked for one person',
  who: ['operator'],
  params: z.strictObject({ subject: uuid }),
  body: z.strictObject({ action: z.enum(['retry', 'discard']), reason: z.string().trim().min(3).max(200) }),
  reply: z.strictObject({ subject: uuid, settled: z.int() }),
  status: 202,
  idempotent: true,
  problems: ['not-found', 'idempotency-mismatch'],
});

const effect = {
  agency: agencyCode,
  purpose: purposeCode,
  /** Deliveries that would not have been made. */
  refused: z.int(),
  /** Deliveries that would have held fewer attributes. */
  narrowed: z.int(),
  /** Deliveries that would have held more, or been made where none was. */
  widened: z.int(),
};

export const tryPolicy = defineEndpoint({
  id: 'tryPolicy',
  service: 'delivery',
  method: 'POST',
  path: '/decisions/what-if',
  summary: 'Decide a part of the ledger again, as if a policy had held',
  description:
    'Changes nothing and sends nothing. Each answer covers a part of the ledger: call again with `next` until there is none. Persons and effects are those of the part; a person is never in parts of two partitions. Each part is recorded first.',
  who: ['supervisor', 'operator'],
  body: z.strictObject({
    proposal: policyProposal,
    /** Decisions made from this instant on, the beginning when absent, and before the other, now when absent. */
    from: z.iso.datetime().optional(),
    to: z.iso.datetime().optional(),
    /** Of the part before. */
    next: z.string().max(40).optional(),
  }),
  reply: z.strictObject({
    partition: z.int(),
    batches: z.int(),
    /** Decisions that a policy can change: about values, by source event and grant. */
    decisions: z.int(),
    delivered: z.int(),
    /** Decisions that came out otherwise although nothing was otherwise; the policy is not tried on them. */
    notReproduced: z.int(),
    effects: z.array(
      z.strictObject({
        ...effect,
        attributes: z.array(z.strictObject({ attribute: attributeCode, withheld: z.int(), released: z.int() })),
      }),
    ),
    persons: z.array(z.strictObject({ subject: uuid, ...effect })),
    /** How far the part has come in its partition. */
    position: z.strictObject({ sequence: z.int(), last: z.int() }),
    next: z.string().optional(),
  }),
  status: 200,
  problems: ['cannot-record', 'not-ready'],
});

export const deliveryEndpoints = [
  readFeed,
  listPartitions,
  listParkedChanges,
  settleParkedChanges,
  tryPolicy,
  ...replayEndpoints,
] as const;
