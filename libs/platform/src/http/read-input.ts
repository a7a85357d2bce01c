import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { actorOf, type EndpointContract, type ProblemDetail } from '@sluice/contracts';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { traceparentOf } from '../observe/trace-context.js';
import type { InputOf, OpenInputOf, RequestContext } from './input.js';
import { IDEMPOTENCY_KEY_RULE, IF_MATCH_RULE, isIdempotencyKey, preferWaitMs, versionOfEtag } from './preconditions.js';
import { ProblemException } from './problem-exception.js';
import { detailsOf } from './validation-details.js';

const NO_DIGEST = Buffer.alloc(0);

/** Reads a request by its contract. @throws ProblemException when it does not follow it */
export function readInput(contract: EndpointContract, request: FastifyRequest): InputOf<unknown> {
  const { principal, trace } = request.state;
  // Of an endpoint that is open to anyone nobody is known: such a handler takes no input.
  if (principal === undefined) throw new ProblemException('token-missing');
  const errors: ProblemDetail[] = [];
  const actor = actorOf(principal);
  const traceparent = traceparentOf(trace);
  const context: RequestContext = {
    actor,
    correlationId: request.id,
    ...(traceparent !== undefined && { traceparent }),
  };
  const key = readIdempotencyKey(contract, request, errors);
  const input = {
    params: accept(contract.params, request.params, 'params', errors),
    query: accept(contract.query, request.query, 'query', errors),
    body: readBody(contract, request, errors),
    principal,
    idempotencyKey: key === '' ? '' : `${actor}|${contract.id}|${key}`,
    ifMatch: readIfMatch(contract, request, errors),
    preferWaitMs: contract.waits ? preferWaitMs(request.headers.prefer as string | undefined) : 0,
    context,
    requestDigest: contract.idempotent ? digestOf(request) : NO_DIGEST,
    request,
  };
  if (errors.length > 0) throw new ProblemException('validation-failed', { errors });
  return input as InputOf<unknown>;
}

/** Reads a request to an endpoint that is open to anyone. @throws ProblemException when it does not follow the contract */
export function readOpenInput(contract: EndpointContract, request: FastifyRequest): OpenInputOf<unknown> {
  const errors: ProblemDetail[] = [];
  const params = accept(contract.params, request.params, 'params', errors);
  const query = accept(contract.query, request.query, 'query', errors);
  if (errors.length > 0) throw new ProblemException('validation-failed', { errors });
  return { params, query } as OpenInputOf<unknown>;
}

function readBody(contract: EndpointContract, request: FastifyRequest, errors: ProblemDetail[]): unknown {
  const streamed = request.body instanceof Readable;
  if (streamed !== (contract.stream !== undefined)) throw new ProblemException('unsupported-media-type');
  return streamed ? undefined : accept(contract.body, request.body, 'body', errors);
}

function accept(schema: z.ZodType | undefined, given: unknown, where: string, errors: ProblemDetail[]): unknown {
  if (schema === undefined) {
    if (hasContent(given)) errors.push({ path: where, rule: 'not-expected' });
    return undefined;
  }
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  errors.push(...detailsOf(read.error, schema, where));
  return undefined;
}

function hasContent(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return given !== undefined && given !== null;
  for (const _member in given) return true;
  return false;
}

function readIdempotencyKey(contract: EndpointContract, request: FastifyRequest, errors: ProblemDetail[]): string {
  if (!contract.idempotent) return '';
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string' || key === '') throw new ProblemException('idempotency-key-required');
  if (!isIdempotencyKey(key)) errors.push(IDEMPOTENCY_KEY_RULE);
  return key;
}

function readIfMatch(contract: EndpointContract, request: FastifyRequest, errors: ProblemDetail[]): number | undefined {
  const header = request.headers['if-match'];
  if (header === undefined) {
    if (contract.versioned) throw new ProblemException('if-match-required');
    return undefined;
  }
  const version = versionOfEtag(header);
  if (version !== 'malformed') return version;
  errors.push(IF_MATCH_RULE);
  return undefined;
}

/** If-Match is left out: a caller that lost the answer and saw the new version since still repeats the same request. */
function digestOf(request: FastifyRequest): Buffer {
  const address = Buffer.from(`${request.method} ${request.url}\n`);
  const { bodyBytes } = request.state;
  return hash('sha256', bodyBytes === undefined ? address : Buffer.concat([address, bodyBytes]), 'buffer');
}
