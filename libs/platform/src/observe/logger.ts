import type { LoggerService } from '@nestjs/common';
import { context, trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from '../config/service-config.js';
import { describeError, withoutQuotes } from './describe-error.js';

export type { Logger } from 'pino';

/** Injection token of the service's Logger. */
export const LOGGER = Symbol('sluice.logger');

export interface LoggerOptions {
  readonly name: string;
  readonly instance: string;
  readonly level: LogLevel;
}

/**
 * JSON lines on standard output. Never pass it a body, a query, a header or anything a person's value could be in;
 * errors go under `err` and are described without what they quote.
 */
export function createLogger({ name, instance, level }: LoggerOptions, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service: name, instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: () => {
      const span = trace.getSpanContext(context.active());
      return span === undefined ? {} : { trace: span.traceId };
    },
  };
  // Written at once: what pino leaves to a thread comes out of order, or not at all, when the process exits behind it.
  return pino(options, destination ?? pino.destination({ dest: 1, sync: true }));
}

/** Nest's own lines: its start is detail, its errors are not. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }

  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, withoutQuotes(String(message)));
  }

  /** Nest passes an error, or a text and then a stack and the name of its part. */
  error(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (message instanceof Error) this.logger.error({ context, err: message }, 'the framework reports an error');
    else this.logger.error({ context }, withoutQuotes(String(message)));
  }

  debug(message: unknown, context?: string): void {
    this.logger.trace({ context }, String(message));
  }

  verbose(message: unknown, context?: string): void {
    this.logger.trace({ context }, String(message));
  }
}
