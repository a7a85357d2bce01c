import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acceptJsonBodies, BODY_LIMIT_BYTES, passNdjsonStreams } from './json-body.js';
import type { OfferedMethods } from './offered-methods.js';
import { sendProblem } from './problem-document.js';
import { limitReceiving } from './receiving-limits.js';
import { attachRequestState, newRequestId } from './request-state.js';

/** Nest's Fastify with our parsers, hooks and problem documents. */
export function createFastifyAdapter(offered: OfferedMethods): FastifyAdapter {
  const adapter = new FastifyAdapter({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestIdHeader: false,
    genReqId: newRequestId,
    // Connections that are kept alive may still send a request while the service stops: it is served, then they close.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // An address the router cannot decode: nothing can be there.
    frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(request, reply, 'not-found'),
  });
  const server = adapter.getInstance();
  offered.watch(server);
  limitReceiving(server);
  attachRequestState(server);
  acceptJsonBodies(server);
  passNdjsonStreams(server);
  return adapter;
}

/** Answers given while the service stops end their connection: the next request should find another instance. */
export function closeConnectionsWhen(server: FastifyInstance, stopping: () => boolean): void {
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (stopping()) reply.header('connection', 'close');
    done();
  });
}
