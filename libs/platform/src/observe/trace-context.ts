import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import {
  type Context,
  type ContextManager,
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/** Carries the OpenTelemetry context over awaits, on Node's own storage. */
class AsyncContextManager implements ContextManager {
  private readonly storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.storage.run(active, () => fn.apply(thisArg, args));
  }

  bind<T>(active: Context, target: T): T {
    if (typeof target !== 'function') return target;
    return ((...args: unknown[]) => this.storage.run(active, () => target(...args))) as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.storage.disable();
    return this;
  }
}

/**
 * Registers W3C propagation and the context manager with the OpenTelemetry API. Where an SDK was registered before
 * (`node --import`), the API keeps that one and spans are really recorded.
 */
export function enableTracePropagation(): void {
  context.setGlobalContextManager(new AsyncContextManager());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
}

const incomingHeaders: TextMapGetter<Record<string, string | string[] | undefined>> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, name) => headers[name],
};

/** The context of a caller's trace, or of a new one when the headers name none that is valid (Trace Context, 3.2). */
export function traceContextFrom(headers: Record<string, string | string[] | undefined>): Context {
  const extracted = propagation.extract(ROOT_CONTEXT, headers, incomingHeaders);
  const caller = trace.getSpanContext(extracted);
  const continued = caller !== undefined && isSpanContextValid(caller);
  return trace.setSpanContext(continued ? extracted : ROOT_CONTEXT, {
    traceId: continued ? caller.traceId : randomHex(),
    spanId: randomHex().slice(16),
    traceFlags: continued ? caller.traceFlags : TraceFlags.SAMPLED,
  });
}

/** 32 digits. Node buffers the randomness of UUIDs: a third of the cost of randomBytes, which was 4% of a request. */
const randomHex = (): string => randomUUID().replaceAll('-', '');

/** The `traceparent` of a context (the active one unless told otherwise), or undefined outside of any trace. */
export function traceparentOf(active: Context = context.active()): string | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(active, carrier);
  return carrier.traceparent;
}

/** Runs `work` within the trace a consumed event names, so that what it appends and logs belongs to that trace. */
export function withinTrace<T>(traceparent: string | undefined, work: () => T): T {
  return context.with(traceContextFrom(traceparent === undefined ? {} : { traceparent }), work);
}
