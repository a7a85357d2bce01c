import { randomUUID } from 'node:crypto';
import type { EventContext } from '@sluice/event-store';
import type { IncomingEvent } from '@sluice/messaging';

const ACTOR = 'service:consent';

/** The context of what this service does because of an event, or by itself. */
export function serviceContext(cause?: IncomingEvent): EventContext {
  if (cause === undefined) return { actor: ACTOR, correlationId: randomUUID() };
  const { correlationId, id, traceparent } = cause;
  return { actor: ACTOR, correlationId, causationId: id, ...(traceparent !== undefined && { traceparent }) };
}
