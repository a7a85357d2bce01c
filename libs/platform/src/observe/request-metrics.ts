import type { FastifyInstance } from 'fastify';
import { routeOf } from '../http/request-state.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';

/** Measures every request by its route's pattern, and logs it (at debug: counts are for always, lines for looking closer). */
export function observeRequests(server: FastifyInstance, metrics: Metrics, logger: Logger): void {
  const durations = metrics.histogram('sluice_http_request_seconds', 'Duration of HTTP requests', [
    'method',
    'route',
    'status',
  ]);
  server.addHook('onResponse', (request, reply, done) => {
    const elapsedMs = performance.now() - request.state.startedAt;
    const route = routeOf(request);
    durations.observe({ method: request.method, route, status: String(reply.statusCode) }, elapsedMs / 1_000);
    if (logger.isLevelEnabled('debug')) {
      logger.debug(
        { requestId: request.id, method: request.method, route, status: reply.statusCode, ms: Math.round(elapsedMs) },
        'request',
      );
    }
    done();
  });
}
