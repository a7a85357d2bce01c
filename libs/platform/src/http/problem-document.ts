import { PROBLEMS, type ProblemCode, type ProblemDocument, problemType } from '@sluice/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { preferredLanguage } from './language.js';
import type { ProblemExtra } from './problem-exception.js';

/** Seconds after which a caller may come again where nobody knows better. */
const RETRY_AFTER_DEFAULT_S = 1;

/** Answers a request with a problem document, in the caller's language. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  code: ProblemCode,
  extra: ProblemExtra = {},
): void {
  const { status, retry } = PROBLEMS[code];
  const language = preferredLanguage(request.headers['accept-language']);
  const document: ProblemDocument = {
    type: problemType(code),
    title: PROBLEMS[code][language],
    status,
    code,
    instance: request.id,
    ...(extra.errors !== undefined && { errors: [...extra.errors] }),
  };
  reply.code(status).headers({
    'content-type': 'application/problem+json; charset=utf-8',
    'content-language': language,
    vary: 'accept-language',
    'cache-control': 'no-store',
    ...extra.headers,
  });
  if (retry && (status === 429 || status === 503))
    reply.header('retry-after', extra.retryAfterS ?? RETRY_AFTER_DEFAULT_S);
  // A refused body may never end; without this the connection would be read on until it does.
  if (!request.raw.complete) reply.header('connection', 'close');
  reply.send(JSON.stringify({ ...document, ...extra.members }));
}
