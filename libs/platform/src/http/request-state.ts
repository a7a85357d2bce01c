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

const STATE = Symbol('sluice.request-state');
type Stateful = FastifyRequest & { [STATE]?: RequestState };

/** Gives every request its state, and runs its handler within the request's trace. */
export function attachRequestState(server: FastifyInstance): void {
  // Made when first asked for: a request the router gives up on reaches the answering hooks without the first ones.
  server.decorateRequest('state', {
    getter(this: Stateful): RequestState {
      this[STATE] ??= { trace: traceContextFrom(this.headers), startedAt: performance.now() };
      return this[STATE];
    },
  });
  server.addHook('onRequest', (request, _reply, done) => {
    void request.state;
    done();
  });
  // Reading a body leaves the asynchronous context of onRequest; this hook is the last before the handler.
  server.addHook('preHandler', (request, _reply, done) => context.with(request.state.trace, done));
}

/** The pattern of the route, such as `/grants/:grant`: never the address itself, which names persons. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unknown';
}
