import {
  GRANT_ACTIVATED,
  GRANT_OFFERED,
  GRANT_REFUSED,
  GRANT_REQUESTED,
  GRANT_SENT_TO_REVIEW,
} from '@sluice/contracts';
import { covers } from './accreditation.js';
import { reviewWidening } from './change-attributes.js';
import type { CommandOf, Facts } from './command.js';
import { mayFlow } from './flow.js';
import { type Decision, type Grant, isRefused, nextOf } from './grant.js';
import { needsReview, termsOf } from './terms.js';

/** The agency's half of the agreement. */
export function request({ grant, subject, proposal }: CommandOf<'request'>, facts: Facts): Decision {
  const { actor, accreditation, now } = facts;
  if (actor.kind !== 'agency' || actor.agency !== proposal.agency) return { refused: 'not-allowed' };
  const terms = termsOf(proposal, now);
  if (isRefused(terms)) return terms;
  if (!covers(accreditation, terms, now)) return { refused: 'not-accredited' };
  return { type: GRANT_REQUESTED, data: { grant, subject, grantVersion: 1, terms } };
}

/** The person's half of the agreement. */
export function offer({ grant, shown, proposal }: CommandOf<'offer'>, facts: Facts): Decision {
  const { actor, accreditation, now } = facts;
  if (actor.kind !== 'person') return { refused: 'not-allowed' };
  if (accreditation === undefined) return { refused: 'unknown-agency' };
  const terms = termsOf(proposal, now);
  if (isRefused(terms)) return terms;
  if (!covers(accreditation, terms, now)) return { refused: 'not-accredited' };
  return { type: GRANT_OFFERED, data: { grant, subject: actor.subject, grantVersion: 1, terms, shown } };
}

/** The person's half, after the agency's request. */
export function give(grant: Grant, _command: CommandOf<'give'>, facts: Facts): Decision {
  return bothAgreed(grant, facts);
}

/** The agency's half, after the person's offer. */
export function accept(grant: Grant, _command: CommandOf<'accept'>, facts: Facts): Decision {
  return bothAgreed(grant, facts);
}

/** Either side says no, also to what it asked for or offered itself. */
export function refuse(grant: Grant, _command: CommandOf<'refuse'>, { actor }: Facts): Decision {
  const by = actor.kind === 'person' ? 'person' : 'agency';
  return { type: GRANT_REFUSED, data: { ...nextOf(grant), by } };
}

/** A supervisor's word on a grant in review, or on a widening that both sides agreed to. */
export function review(grant: Grant, { outcome }: CommandOf<'review'>, facts: Facts): Decision {
  if (grant.state === 'active') return reviewWidening(grant, outcome, facts);
  if (outcome === 'refuse') return { type: GRANT_REFUSED, data: { ...nextOf(grant), by: 'supervisor' } };
  return mayFlow(grant, grant.terms.attributes, facts) ?? { type: GRANT_ACTIVATED, data: nextOf(grant) };
}

function bothAgreed(grant: Grant, facts: Facts): Decision {
  const refused = mayFlow(grant, grant.terms.attributes, facts);
  if (refused !== undefined) return refused;
  const type = needsReview(grant.terms.attributes) ? GRANT_SENT_TO_REVIEW : GRANT_ACTIVATED;
  return { type, data: nextOf(grant) };
}
