import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import { etagOf } from './preconditions.js';
import { answer } from './problem-exception.js';
import { isReply, type Reply } from './reply.js';

/** Turns what a handler answers into the response: a Reply's headers and status, a plain body, or a refusal's problem. */
@Injectable()
export class ReplyInterceptor implements NestInterceptor {
  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      map((result: unknown) => {
        const accepted = answer(result);
        const response = execution.switchToHttp().getResponse<FastifyReply>();
        // Most answers are about a person; a handler whose answer may be kept says so itself.
        response.header('cache-control', 'no-store');
        return isReply(accepted) ? applyReply(accepted, response) : accepted;
      }),
    );
  }
}

function applyReply(reply: Reply, response: FastifyReply): unknown {
  if (reply.status !== undefined) response.status(reply.status);
  if (reply.version !== undefined) response.header('etag', etagOf(reply.version));
  if (reply.location !== undefined) response.header('location', reply.location);
  if (reply.headers !== undefined) response.headers(reply.headers);
  return reply.body;
}
