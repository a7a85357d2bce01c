import { type Refusal, refuse } from './refusal.js';

/**
 * The instant that a query looks back to, or a refusal where it lies ahead of this service's clock: there is no record yet
 * of what may still happen.
 * @param at as `pastInstant` of the contracts accepted it
 */
export function lookingBack(at: string, now = Date.now()): Date | Refusal<'validation-failed'> {
  const instant = new Date(at);
  if (instant.getTime() <= now) return instant;
  return refuse('validation-failed', [{ path: 'query.at', rule: 'not-in-the-future' }]);
}
