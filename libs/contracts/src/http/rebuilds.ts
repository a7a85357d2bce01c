import { z } from 'zod';
import { uuid } from '../ids.js';
import { SERVICES, type ServiceName } from '../topics.js';
import { defineEndpoint } from './endpoint.js';

const readModel = z.string().regex(/^[a-z][a-z_]{0,40}$/, 'read-model-name');
const rate = z.int().min(0).max(10_000_000).describe('events a second; 0: as fast as it goes');

export const rebuildView = z.strictObject({
  rebuild: uuid,
  readModel: z.string(),
  state: z.enum(['planned', 'running', 'paused', 'done', 'cancelled', 'failed']),
  phase: z.enum(['filling', 'comparing']),
  swap: z.boolean().describe('whether rows that differ are replaced, or only named'),
  rate,
  extent: z.strictObject({ events: z.int(), rows: z.int() }).describe('estimates, as of the plan'),
  progress: z.strictObject({ events: z.int(), rows: z.int() }).describe('events read, rows compared'),
  differences: z.strictObject({ altered: z.int(), missing: z.int(), added: z.int(), mended: z.int() }),
  plannedBy: z.string(),
  plannedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional(),
  failure: z.string().optional(),
});
export type RebuildView = z.output<typeof rebuildView>;

export const rebuildDifference = z.strictObject({
  key: z.array(z.string()),
  kind: z.enum(['altered', 'missing', 'added']),
  columns: z.array(z.string()).describe('which columns differ; never what stands in them'),
  mended: z.boolean(),
});
export type RebuildDifference = z.output<typeof rebuildDifference>;

const params = z.strictObject({ rebuild: uuid });

/** The endpoints by which one service's read models are rebuilt; every service has the same. */
function rebuildEndpointsOf<S extends ServiceName>(service: S) {
  const who = ['operator'] as const;
  return {
    readModels: defineEndpoint({
      id: 'listReadModels',
      service,
      method: 'GET',
      path: '/read-models',
      summary: 'The read models that can be rebuilt from events, and what each is made of',
      who,
      reply: z.strictObject({ readModels: z.array(z.strictObject({ readModel: z.string(), source: z.string() })) }),
      status: 200,
      problems: [],
    }),
    plan: defineEndpoint({
      id: 'planRebuild',
      service,
      method: 'POST',
      path: '/rebuilds',
      summary: 'Plans the rebuild of a read model: its extent, and an id to run it by',
      who,
      body: z.strictObject({ readModel, rate }),
      reply: rebuildView,
      status: 201,
      idempotent: true,
      problems: ['not-found', 'idempotency-mismatch', 'cannot-record'],
    }),
    list: defineEndpoint({
      id: 'listRebuilds',
      service,
      method: 'GET',
      path: '/rebuilds',
      summary: 'The latest rebuilds, newest first',
      who: ['operator', 'auditor'],
      reply: z.strictObject({ rebuilds: z.array(rebuildView) }),
      status: 200,
      problems: [],
    }),
    read: defineEndpoint({
      id: 'readRebuild',
      service,
      method: 'GET',
      path: '/rebuilds/:rebuild',
      summary: 'How far a rebuild is, and what it found',
      who: ['operator', 'auditor'],
      params,
      reply: rebuildView,
      status: 200,
      problems: ['not-found'],
    }),
    differences: defineEndpoint({
      id: 'listRebuildDifferences',
      service,
      method: 'GET',
      path: '/rebuilds/:rebuild/differences',
      summary: 'The rows that are not as their events say',
      who: ['operator', 'auditor'],
      params,
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(100) }),
      reply: z.strictObject({ differences: z.array(rebuildDifference) }),
      status: 200,
      problems: ['not-found'],
    }),
    move: defineEndpoint({
      id: 'moveRebuild',
      service,
      method: 'POST',
      path: '/rebuilds/:rebuild/moves',
      summary: 'Runs, pauses or cancels a rebuild; a paused one is run again from where it was',
      description:
        'A run compares; with `swap` it replaces the rows that differ, each while its live writer waits. The service goes on meanwhile.',
      who,
      params,
      body: z.strictObject({
        move: z.enum(['run', 'pause', 'cancel']),
        swap: z.boolean().optional(),
        rate: rate.optional(),
      }),
      reply: rebuildView,
      status: 200,
      idempotent: true,
      problems: ['not-found', 'wrong-state', 'idempotency-mismatch', 'cannot-record'],
    }),
  };
}

export type RebuildEndpoints = ReturnType<typeof rebuildEndpointsOf>;

/** By service. */
export const REBUILD_ENDPOINTS = Object.fromEntries(
  SERVICES.map((service) => [service, rebuildEndpointsOf(service)]),
) as Record<ServiceName, RebuildEndpoints>;
