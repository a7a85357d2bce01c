import { randomUUID } from 'node:crypto';
import { type Context, context } from '@opentelemetry/api';
import type { EndpointContract, Principal } from '@sluice/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { traceContextFrom } from '../observe/trace-context.js';

/** What the platform knows about a request beside what Fastify does. */
export interface RequestState {
  readonly trace: Context;
  readonly startedAt: number;
  /** The bytes of a JSON body, for the request's digest. */
  bodyBytes?: Buffer;
  /** Set by the guard: the endpoint, and who calls it once the token is accepted. */
  endpoint?: EndpointContract;
  principal?: Principal;
}

declare module 'fastify' {
  interface FastifyRequest {
    state: RequestState;
  }
}

/** A request's id is also its correlation id and the `instance` of its problem document. */
export const newRequestId = (): string => randomUUID();

/** Gives every request its state, and runs its handler within the request's trace. */
export function attachRequestState(server: FastifyInstance): void {
  server.decorateRequest('state');
  server.addHook('onRequest', (request, _reply, done) => {
    request.state = { trace: traceContextFrom(request.headers), startedAt: performance.now() };
    done();
  });
  // Reading a body leaves the asynchronous context of onRequest; this hook is the last before the handler.
  server.addHook('preHandler', (request, _reply, done) => context.with(request.state.trace, done));
}

/** The pattern of the route, such as `/grants/:grant`: never the address itself, which names persons. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unknown';
}
