import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusals } from '../auth/refusals.js';
import { LOGGER, type Logger } from '../observe/logger.js';
import { OfferedMethods } from './offered-methods.js';
import { sendProblem } from './problem-document.js';
import { ProblemException } from './problem-exception.js';
import { routeOf } from './request-state.js';

/** Every error ends here, and leaves as a problem document from the closed list. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly refusals: Refusals,
    private readonly offered: OfferedMethods,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = this.problemOf(error, request);
    const status = problem.getStatus();
    if (status === 401 || status === 403) this.refusals.note(problem.code, request);
    if (reply.sent) return;
    sendProblem(request, reply, problem.code, problem.extra);
  }

  private problemOf(error: unknown, request: FastifyRequest): ProblemException {
    if (error instanceof ProblemException) return error;
    const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
    switch (status) {
      case 404:
        return this.nothingHere(request);
      case 413:
        return new ProblemException('body-too-large');
      case 415:
        return new ProblemException('unsupported-media-type');
      case 400:
        return new ProblemException('body-not-json');
      default:
        this.logger.error(
          { err: error, requestId: request.id, route: routeOf(request), method: request.method },
          'a request failed',
        );
        return new ProblemException('internal');
    }
  }

  private nothingHere(request: FastifyRequest): ProblemException {
    const methods = this.offered.at(request.url);
    if (methods.length === 0) return new ProblemException('not-found');
    return new ProblemException('method-not-allowed', { headers: { allow: methods.join(', ') } });
  }
}

/** Fastify's own refusals (a body cut short, say) carry the status and a code that begins so. */
function statusOf(error: unknown): number | undefined {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  return typeof code === 'string' && code.startsWith('FST_ERR_') && typeof statusCode === 'number'
    ? statusCode
    : undefined;
}
