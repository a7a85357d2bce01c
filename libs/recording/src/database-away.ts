import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { EventStoreError } from '@sluice/event-store';
import { LOGGER, type Logger, ProblemException } from '@sluice/platform';
import { catchError, type Observable } from 'rxjs';

/** SQLSTATE classes: connection exception, insufficient resources, operator intervention, system error. */
const AWAY_CLASSES = new Set(['08', '53', '57', '58']);
/** A role that may not log in at present. */
const NO_LOGIN = '28000';

/** Turns a database that is away into the answer that nothing was done: `cannot-record`, which may be tried again. */
@Injectable()
export class DatabaseAway implements NestInterceptor {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (execution.getType() !== 'http') return next.handle();
    return next.handle().pipe(
      catchError((err: unknown) => {
        const code = recordingProblem(err);
        if (code === undefined) throw err;
        this.logger.warn({ err, code }, 'a request could not be recorded');
        throw new ProblemException(code);
      }),
    );
  }
}

/** The problem that a failure to record stands for; `undefined` for every other error. */
export function recordingProblem(error: unknown): 'concurrent-change' | 'cannot-record' | undefined {
  if (!(error instanceof EventStoreError)) return isAway(error) ? 'cannot-record' : undefined;
  if (error.code === 'contended') return 'concurrent-change';
  return error.code === 'rejected' && !isAway(error.cause) ? undefined : 'cannot-record';
}

/** Errors of `pg` and of Node's sockets. */
function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as Error & { code?: unknown };
  if (typeof code === 'string')
    return AWAY_CLASSES.has(code.slice(0, 2)) || code === NO_LOGIN || /^E[A-Z]+$/.test(code);
  return /^(Connection terminated|timeout exceeded|Client has encountered)/.test(error.message);
}
