import { z } from 'zod';
import { agencyCode } from '../events/vetting.js';
import { uuid } from '../ids.js';
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

export const deliveryEndpoints = [
  readFeed,
  listPartitions,
  listParkedChanges,
  settleParkedChanges,
  ...replayEndpoints,
] as const;
