import type { AccreditationScope, AttributeCode } from '@sluice/contracts';
import type { Accreditation } from '../domain/accreditation.js';
import type { Facts, GrantCommand } from '../domain/command.js';
import { type Actor, type Grant, type GrantEvent, isRefused, type Refused } from '../domain/grant.js';
import { decideFor, NO_GRANTS, type PersonGrants } from '../domain/person-grants.js';

export const GRANT = '6f0f6c1e-6f0b-4c52-9f0e-0d7a5c1f4a01';
export const SUBJECT = '0190a000-0000-7000-8000-000000000101';
export const OTHER_SUBJECT = '0190a000-0000-7000-8000-000000000102';
export const AGENCY = 'harbour-bank';
export const NOW = new Date('2026-03-01T08:00:00.000Z');
export const SHOWN = { version: '2026-01', language: 'zh', channel: 'app' } as const;

export const PERSON: Actor = { kind: 'person', subject: SUBJECT };
export const BANK: Actor = { kind: 'agency', agency: AGENCY };
export const SUPERVISOR: Actor = { kind: 'supervisor' };
export const SERVICE: Actor = { kind: 'service' };

/** Wide enough for ordinary attributes and one that is reviewed. */
export const SCOPE: AccreditationScope = {
  receives: [
    {
      purpose: 'credit-assessment',
      attributes: ['name', 'mobilePhone', 'email', 'homeAddress', 'employer', 'incomeBand'],
      modes: ['stream', 'snapshot'],
    },
    { purpose: 'kyc-refresh', attributes: ['mobilePhone'], modes: ['stream'] },
  ],
  publishes: [],
  until: '2036-01-01T00:00:00.000Z',
};
export const ACCREDITED: Accreditation = { agency: AGENCY, state: 'accredited', scope: SCOPE };

export const PROPOSAL = {
  agency: AGENCY,
  purpose: 'credit-assessment',
  attributes: ['mobilePhone', 'employer'] as AttributeCode[],
  mode: 'stream',
  validityDays: 90,
  dataLifeDays: 180,
} as const;

export const REQUEST = { move: 'request', grant: GRANT, subject: SUBJECT, proposal: PROPOSAL } as const;
export const OFFER = { move: 'offer', grant: GRANT, shown: SHOWN, proposal: PROPOSAL } as const;

export type Step = readonly [Actor, GrantCommand, Partial<Facts>?];

/** Facts in which nothing stands in the way. */
export function factsOf(actor: Actor, more: Partial<Facts> = {}): Facts {
  return { actor, now: NOW, accreditation: ACCREDITED, ...more };
}

/** A person after steps that all have to be accepted, with every event they made. */
export function play(...steps: readonly Step[]): { person: PersonGrants; grant: Grant; events: GrantEvent[] } {
  let person = NO_GRANTS;
  let grant: Grant | undefined;
  const events: GrantEvent[] = [];
  for (const [actor, command, more] of steps) {
    const decided = decideFor(person, GRANT, command, factsOf(actor, more));
    if (isRefused(decided)) throw new Error(`${command.move} was refused: ${decided.refused}`);
    person = decided.person;
    grant = decided.grant;
    if (decided.event !== undefined) events.push(decided.event);
  }
  return { person, grant: grant!, events };
}

/** What a last step is refused with; undefined where it is accepted. */
export function refusalOf(before: readonly Step[], [actor, command, more]: Step): Refused['refused'] | undefined {
  const decided = decideFor(play(...before).person, GRANT, command, factsOf(actor, more));
  return isRefused(decided) ? decided.refused : undefined;
}
