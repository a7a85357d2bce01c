import { GRANT_STOPS } from '@sluice/contracts';
import type { Facts, GrantCommand } from './command.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import type { Grant, GrantEvent, Refused } from './grant.js';
import { isRefused } from './grant.js';

/**
 * The state of a person's stream: the grants that something can still happen to. All grants of a person share one
 * stream, so that everything about a person has one order; those that are over leave the state, or it would grow for
 * a lifetime.
 */
export interface PersonGrants {
  readonly grants: Readonly<Record<string, Grant>>;
}

export const NO_GRANTS: PersonGrants = { grants: {} };

/** `event` is absent where everything stays as it is; `grant` is the grant afterwards. */
export type Decided = { readonly event?: GrantEvent; readonly grant: Grant; readonly person: PersonGrants };

/** A grant that is over and whose fence has been answered is known to the read model only: it moves no more. */
export function decideFor(person: PersonGrants, grant: string, command: GrantCommand, facts: Facts): Decided | Refused {
  const before = person.grants[grant];
  if (before === undefined && command.move !== 'request' && command.move !== 'offer') return { refused: 'wrong-state' };
  const decision = decide(before, command, facts);
  if (isRefused(decision)) return decision;
  if (decision === 'unchanged') return { grant: before!, person };
  return { event: decision, ...after(person, decision) };
}

/** The person's grants after an event. */
export function evolvePerson(person: PersonGrants, event: GrantEvent): PersonGrants {
  return after(person, event).person;
}

function after({ grants }: PersonGrants, event: GrantEvent): { grant: Grant; person: PersonGrants } {
  const { [event.data.grant]: before, ...others } = grants;
  const grant = evolve(before, event);
  return { grant, person: { grants: isSettled(grant) ? others : { ...others, [grant.grant]: grant } } };
}

function isSettled({ state, unfenced }: Grant): boolean {
  const over = state === 'refused' || (GRANT_STOPS as readonly string[]).includes(state);
  return over && unfenced.length === 0;
}
