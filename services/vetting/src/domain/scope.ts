import { type AccreditationScope, ATTRIBUTES, PURPOSES } from '@sluice/contracts';
import type { Refused } from './agency.js';

/** A refusal where a scope asks for more than the catalogues allow, or for a time that is over. `now` in ms since 1970. */
export function beyondCatalogue(scope: AccreditationScope, now: number): Refused | undefined {
  const purposes = scope.receives.map(({ purpose }) => purpose);
  if (new Set(purposes).size < purposes.length) {
    return { refused: 'validation-failed', errors: [{ path: 'body.scope.receives', rule: 'one-entry-per-purpose' }] };
  }
  const bounded = scope.receives.every(({ purpose, attributes, modes }) => {
    const { bound, modes: allowed } = PURPOSES[purpose];
    return isSubset(attributes, bound) && isSubset(modes, allowed);
  });
  const publishable = scope.publishes.every((code) => ATTRIBUTES[code].assertedBy.some((who) => who === 'publisher'));
  const lasts = Date.parse(scope.until) > now;
  return bounded && publishable && lasts ? undefined : { refused: 'outside-purpose' };
}

/** Whether `scope` allows nothing that `wider` does not. */
export function isWithin(scope: AccreditationScope, wider: AccreditationScope): boolean {
  return (
    Date.parse(scope.until) <= Date.parse(wider.until) &&
    isSubset(scope.publishes, wider.publishes) &&
    scope.receives.every(({ purpose, attributes, modes }) => {
      const same = wider.receives.find((entry) => entry.purpose === purpose);
      return same !== undefined && isSubset(attributes, same.attributes) && isSubset(modes, same.modes);
    })
  );
}

export function isSameScope(one: AccreditationScope, other: AccreditationScope): boolean {
  return isWithin(one, other) && isWithin(other, one);
}

function isSubset(some: readonly string[], all: readonly string[]): boolean {
  return some.every((member) => all.includes(member));
}
