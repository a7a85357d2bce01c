import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** How long a client may take to send. */
export interface ReceivingLimits {
  /** For the headers of a request, and for the whole of one that is no stream. */
  wholeMs: number;
  /** A stream takes as long as it likes, but is not silent for longer: nothing sent, nothing of the answer read. */
  silentMs: number;
}

const LIMITS: ReceivingLimits = { wholeMs: 60_000, silentMs: 120_000 };

/**
 * Cuts off who sends too slowly. Node's own limit for a whole request knows no exceptions: a filing of ten minutes was
 * broken off by it.
 */
export function limitReceiving(server: FastifyInstance, { wholeMs, silentMs }: ReceivingLimits = LIMITS): void {
  server.server.requestTimeout = 0;
  server.server.headersTimeout = wholeMs;
  server.addHook('onRequest', ({ raw }, _reply, done) => {
    if (raw.headers['content-type']?.startsWith('application/x-ndjson')) raw.setTimeout(silentMs);
    else if (hasBody(raw)) cutOffAfter(wholeMs, raw);
    done();
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function cutOffAfter(ms: number, request: IncomingMessage): void {
  const timer = setTimeout(() => request.destroy(), ms);
  const arrived = () => clearTimeout(timer);
  request.once('end', arrived).once('close', arrived);
}
