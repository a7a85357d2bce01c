import {
  GRANT_ACTIVATED,
  GRANT_FENCED,
  GRANT_NARROWED,
  GRANT_OFFERED,
  GRANT_PAUSED,
  GRANT_REFUSED,
  GRANT_REQUESTED,
  GRANT_RESUMED,
  GRANT_SENT_TO_REVIEW,
  GRANT_SNAPSHOT_REQUESTED,
  GRANT_STOPPED,
  GRANT_WIDENED,
  GRANT_WIDENING_PROPOSED,
} from '@sluice/contracts';
import { type Grant, type GrantEvent, type Side, sameMembers } from './grant.js';

/** The grant after an event. @throws TypeError for a further event of a grant that never began */
export function evolve(before: Grant | undefined, event: GrantEvent): Grant {
  const { grant: id, subject, grantVersion: version, terms } = event.data;
  if (event.type === GRANT_REQUESTED || event.type === GRANT_OFFERED) {
    const state = event.type === GRANT_REQUESTED ? 'requested' : 'offered';
    return { grant: id, subject, version, changedIn: version, state, terms, unfenced: [] };
  }
  if (before === undefined) throw new TypeError(`a grant begins with a request or an offer, not with ${event.type}`);
  const grant: Grant = { ...before, version, changedIn: version, terms };
  const unfenced = [...before.unfenced, version];
  switch (event.type) {
    case GRANT_SENT_TO_REVIEW:
      return { ...grant, state: 'in-review' };
    case GRANT_REFUSED:
      return { ...grant, state: 'refused' };
    case GRANT_ACTIVATED:
    case GRANT_RESUMED:
      return { ...grant, state: 'active' };
    case GRANT_PAUSED:
      return { ...grant, state: 'paused', unfenced };
    case GRANT_NARROWED:
      // Who wants less has not agreed to more: an open widening ends with it.
      return { ...withoutWidening(grant), unfenced };
    case GRANT_WIDENING_PROPOSED:
      return { ...grant, widening: { attributes: event.data.proposed, agreed: agreedBy(before, event.data) } };
    case GRANT_WIDENED:
      return withoutWidening(grant);
    case GRANT_STOPPED:
      return { ...withoutWidening(grant), state: event.data.stop, unfenced };
    case GRANT_SNAPSHOT_REQUESTED:
      return { ...grant, changedIn: before.changedIn };
    case GRANT_FENCED: {
      const { fencedVersion } = event.data;
      return {
        ...grant,
        changedIn: before.changedIn,
        unfenced: before.unfenced.filter((one) => one !== fencedVersion),
      };
    }
  }
}

/** The second side that proposes the same attributes agrees to them; other attributes are a new proposal. */
function agreedBy(before: Grant, { proposed, by }: { proposed: readonly string[]; by: Side }): Side[] {
  const earlier = before.widening;
  const same = earlier !== undefined && sameMembers(earlier.attributes, proposed);
  return same && !earlier.agreed.includes(by) ? [...earlier.agreed, by] : [by];
}

function withoutWidening({ widening: _, ...grant }: Grant): Grant {
  return grant;
}
