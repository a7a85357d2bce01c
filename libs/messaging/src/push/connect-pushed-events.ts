import { Catch, type INestApplication, type RpcExceptionFilter } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { type Observable, throwError } from 'rxjs';
import { PushedEvents, type PushedEventsOptions } from './pushed-events.js';

/** Hands on what a handler threw. Nest's own filter would replace it by "Internal server error" and log it. */
@Catch()
export class HandlerFailures implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** Connects pushed events to an application; `app.startAllMicroservices()` begins them, `app.close()` ends them. */
export function connectPushedEvents(app: INestApplication, options: PushedEventsOptions): PushedEvents {
  const strategy = new PushedEvents(options);
  app.connectMicroservice<MicroserviceOptions>({ strategy }).useGlobalFilters(new HandlerFailures());
  return strategy;
}
