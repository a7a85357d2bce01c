import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';

/**
 * `@UseFilters(HandlerFailures)` on a controller of pushed events: what its handlers throw reaches the transport, which
 * decides by it between trying again and parking. Nest's own filter would replace it by "Internal server error", and
 * log it with its message.
 */
@Catch()
export class HandlerFailures implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** The filter is missing: nobody can tell what the event's handler wanted, so its partition is held. */
export class FilterMissing extends Error {
  override readonly name = 'HandlerFailuresMissing';
  readonly retryable = true;
}

/** Whether Nest's own filter has put its answer in the place of an error. */
export function isReplaced(error: unknown): boolean {
  return !(error instanceof Error) && (error as { status?: unknown } | null)?.status === 'error';
}
