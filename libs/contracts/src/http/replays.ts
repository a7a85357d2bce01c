import { z } from 'zod';
import { OUTCOMES } from '../codec/ledger-batch.js';
import { agencyCode } from '../events/vetting.js';
import { uuid } from '../ids.js';
import { LANES } from '../topics.js';
import { defineEndpoint } from './endpoint.js';

/** The life of a replay: planned -> approved -> running <-> paused -> done | cancelled. */
export const REPLAY_STATES = ['planned', 'approved', 'running', 'paused', 'done', 'cancelled'] as const;
export type ReplayState = (typeof REPLAY_STATES)[number];

/** Most deliveries of a lane that one plan takes: its impact is counted before the answer. */
export const REPLAY_MAX_RANGE = 100_000;
/** Source events per second of a plan that names no rate: a tenth of what one partition carries at rest. */
export const REPLAY_DEFAULT_RATE = 200;
export const REPLAY_MAX_RATE = 5_000;

const sequence = z.int().min(1);

/** What is to be sent again. */
export const replayExtent = z.discriminatedUnion('kind', [
  /** Deliveries `from` to `to` of one lane, both included. */
  z
    .strictObject({
      kind: z.literal('range'),
      lane: z
        .int()
        .min(0)
        .max(LANES - 1),
      from: sequence,
      to: sequence,
    })
    .refine(({ from, to }) => from <= to, 'from-after-to')
    .refine(({ from, to }) => to - from < REPLAY_MAX_RANGE, 'range-too-long'),
  /** The present values of everything the agency's stream grants cover today. */
  z.strictObject({ kind: z.literal('entitled') }),
]);
export type ReplayExtent = z.output<typeof replayExtent>;

const refusals = z.array(z.strictObject({ outcome: z.enum(OUTCOMES), count: z.int() }));

/** What the plan would do under the grants and accreditations of the moment it was made. */
export const replayImpact = z.strictObject({
  lanes: z.array(z.int()),
  /** Deliveries to be decided once more; absent where they are counted only while the replay runs. */
  sourceEvents: z.int().optional(),
  persons: z.int(),
  /** How many would go out; of `entitled` no more than this. */
  deliveries: z.int(),
  /** How many would be refused, and why; of `entitled` counted in grants. */
  refusals,
});
export type ReplayImpact = z.output<typeof replayImpact>;

/** How far one lane has come. */
export const replayLane = z.strictObject({
  lane: z.int(),
  /** Next to be taken, and where it ends: sequences of the lane for a range, else offsets of registry.events. */
  next: z.string(),
  end: z.string(),
  done: z.boolean(),
  /** Why it stands still. It is tried again, and live traffic goes on. */
  trouble: z.string().optional(),
});

export const replayView = z.strictObject({
  id: uuid,
  version: z.int(),
  state: z.enum(REPLAY_STATES),
  agency: agencyCode,
  extent: replayExtent,
  /** Source events per second. */
  rate: z.int(),
  reason: z.string(),
  impact: replayImpact,
  plannedBy: z.string(),
  plannedAt: z.iso.datetime(),
  approvedBy: z.string().optional(),
  approvedAt: z.iso.datetime().optional(),
  /** Until when the next step can be taken; absent while it runs and after its end. */
  expiresAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  progress: z.strictObject({
    delivered: z.int(),
    refused: z.int(),
    /** Events that could not be opened, and those of persons whose changes are parked. */
    skipped: z.int(),
    lanes: z.array(replayLane),
  }),
});
export type ReplayView = z.output<typeof replayView>;

const params = z.strictObject({ replay: uuid });
const move = {
  service: 'delivery',
  method: 'POST',
  params,
  reply: replayView,
  status: 200,
  idempotent: true,
} as const;

export const planReplay = defineEndpoint({
  id: 'planReplay',
  service: 'delivery',
  method: 'POST',
  path: '/replays',
  summary: 'Plan a redelivery to one agency; nothing is sent yet',
  description:
    'The answer says what it would do under today’s grants. It releases data, so another person has to approve it before it can run. What is sent is decided when it is sent.',
  who: ['operator'],
  body: z.strictObject({
    agency: agencyCode,
    extent: replayExtent,
    rate: z.int().min(1).max(REPLAY_MAX_RATE).default(REPLAY_DEFAULT_RATE),
    /** For the record; no personal data. */
    reason: z.string().trim().min(3).max(120),
  }),
  reply: replayView,
  status: 201,
  idempotent: true,
  problems: ['unknown-agency', 'unknown-sequence', 'idempotency-mismatch'],
});

export const listReplays = defineEndpoint({
  id: 'listReplays',
  service: 'delivery',
  method: 'GET',
  path: '/replays',
  summary: 'Replays, newest first: the last 200',
  who: ['operator', 'supervisor', 'auditor'],
  reply: z.strictObject({ replays: z.array(replayView) }),
  status: 200,
  problems: [],
});

export const readReplay = defineEndpoint({
  id: 'readReplay',
  service: 'delivery',
  method: 'GET',
  path: '/replays/:replay',
  summary: 'A replay: its plan, its state, how far it has come',
  who: ['operator', 'supervisor', 'auditor'],
  params,
  reply: replayView,
  status: 200,
  problems: ['unknown-replay'],
});

export const approveReplay = defineEndpoint({
  ...move,
  id: 'approveReplay',
  path: '/replays/:replay/approval',
  summary: 'A supervisor who did not plan it lets a replay run',
  who: ['supervisor'],
  problems: ['unknown-replay', 'wrong-state', 'same-person', 'plan-expired', 'idempotency-mismatch'],
});

export const runReplay = defineEndpoint({
  ...move,
  id: 'runReplay',
  path: '/replays/:replay/execution',
  summary: 'Start an approved replay',
  who: ['operator'],
  problems: ['unknown-replay', 'wrong-state', 'plan-expired', 'idempotency-mismatch'],
});

export const pauseReplay = defineEndpoint({
  ...move,
  id: 'pauseReplay',
  path: '/replays/:replay/pause',
  summary: 'Hold a running replay; within about a second nothing more of it is sent',
  who: ['operator', 'supervisor'],
  problems: ['unknown-replay', 'wrong-state', 'idempotency-mismatch'],
});

export const resumeReplay = defineEndpoint({
  ...move,
  id: 'resumeReplay',
  path: '/replays/:replay/resumption',
  summary: 'Let a paused replay go on from where it stands',
  who: ['operator'],
  problems: ['unknown-replay', 'wrong-state', 'plan-expired', 'idempotency-mismatch'],
});

export const cancelReplay = defineEndpoint({
  ...move,
  id: 'cancelReplay',
  path: '/replays/:replay/cancellation',
  summary: 'Give a replay up for good; what was sent stays sent',
  who: ['operator', 'supervisor'],
  problems: ['unknown-replay', 'wrong-state', 'idempotency-mismatch'],
});

export const replayEndpoints = [
  planReplay,
  listReplays,
  readReplay,
  approveReplay,
  runReplay,
  pauseReplay,
  resumeReplay,
  cancelReplay,
] as const;
