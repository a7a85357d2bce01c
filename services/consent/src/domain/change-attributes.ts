import { type AttributeCode, GRANT_NARROWED, GRANT_WIDENED, GRANT_WIDENING_PROPOSED } from '@sluice/contracts';
import type { CommandOf, Facts } from './command.js';
import { mayFlow } from './flow.js';
import { type Decision, type Grant, nextOf, type Refused, sameMembers, WRONG_STATE } from './grant.js';
import { attributesBeyond, inCatalogueOrder, needsReview } from './terms.js';

/** Takes attributes out, with the effect of a withdrawal of that part. Taking out the last one is a withdrawal itself. */
export function narrow(grant: Grant, { remove }: CommandOf<'narrow'>): Decision {
  const removed = inCatalogueOrder(remove.filter((attribute) => grant.terms.attributes.includes(attribute)));
  if (removed.length === 0) return wrongly('body.remove', 'in-the-grant');
  const attributes = grant.terms.attributes.filter((attribute) => !removed.includes(attribute));
  if (attributes.length === 0) return wrongly('body.remove', 'leaves-an-attribute');
  return { type: GRANT_NARROWED, data: { ...nextOf(grant, { ...grant.terms, attributes }), removed } };
}

/** The first side to name a set of attributes proposes it; the other side, naming the same set, makes the agreement. */
export function widen(grant: Grant, { add }: CommandOf<'widen'>, facts: Facts): Decision {
  const added = inCatalogueOrder(add.filter((attribute) => !grant.terms.attributes.includes(attribute)));
  if (added.length === 0) return wrongly('body.add', 'beyond-the-grant');
  if (attributesBeyond(grant.terms, added)) return wrongly('body.add', 'within-the-purpose', 'outside-purpose');
  const refused = mayFlow(grant, added, facts);
  if (refused !== undefined) return refused;
  const by = facts.actor.kind === 'person' ? 'person' : 'agency';
  const agreed = agreedTo(grant, added);
  if (agreed.includes(by)) return 'unchanged';
  if (agreed.length > 0 && !needsReview(added)) return widened(grant, added);
  return { type: GRANT_WIDENING_PROPOSED, data: { ...nextOf(grant), proposed: added, by } };
}

/** A supervisor lets a widening happen that both sides agreed to. */
export function reviewWidening(grant: Grant, outcome: 'approve' | 'refuse', facts: Facts): Decision {
  const { widening } = grant;
  if (widening === undefined || widening.agreed.length < 2 || outcome === 'refuse') return WRONG_STATE;
  return mayFlow(grant, widening.attributes, facts) ?? widened(grant, [...widening.attributes]);
}

function agreedTo({ widening }: Grant, attributes: AttributeCode[]): readonly string[] {
  return widening !== undefined && sameMembers(widening.attributes, attributes) ? widening.agreed : [];
}

function widened(grant: Grant, added: AttributeCode[]): Decision {
  const attributes = inCatalogueOrder([...grant.terms.attributes, ...added]);
  return { type: GRANT_WIDENED, data: { ...nextOf(grant, { ...grant.terms, attributes }), added } };
}

function wrongly(path: string, rule: string, refused: Refused['refused'] = 'validation-failed'): Refused {
  return { refused, errors: [{ path, rule }] };
}
