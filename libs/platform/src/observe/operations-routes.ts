import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { sendProblem } from '../http/problem-document.js';
import type { Metrics } from './metrics.js';
import type { ReadinessChecks } from './readiness.js';

export interface Operations {
  readonly name: string;
  readonly readiness: ReadinessChecks;
  readonly metrics: Metrics;
  readonly phase: () => 'starting' | 'serving' | 'stopping';
}

/** The routes of operators and their tools; they need no token and tell nothing about anybody. */
export function serveOperations(server: FastifyInstance, { name, readiness, metrics, phase }: Operations): void {
  server.get('/healthz', (_request, reply) => reply.send({ status: 'alive' }));

  server.get('/readyz', async (request, reply) => {
    const checks = { service: { ok: phase() === 'serving', detail: phase() }, ...(await readiness.run()) };
    const failing = Object.entries(checks).filter(([, { ok }]) => !ok);
    if (failing.length === 0) return reply.send({ status: 'ready', checks });
    sendProblem(request, reply, 'not-ready', {
      errors: failing.map(([check, { detail }]) => ({ path: check, rule: detail })),
      members: { checks },
    });
    return reply;
  });

  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));

  server.get('/openapi.json', async (request, reply) => {
    const document = await readFile(openApiOf(name)).catch(() => undefined);
    if (document !== undefined) return reply.type('application/json').send(document);
    sendProblem(request, reply, 'not-found');
    return reply;
  });
}

/** Generated from the contracts and checked in; see `npm run generate`. */
function openApiOf(name: string): URL {
  return new URL(`../../../../docs/api/${name}.openapi.json`, import.meta.url);
}
