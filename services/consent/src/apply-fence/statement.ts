import { type FencePosition, GRANT_STOPS } from '@sluice/contracts';
import type { RecordedStop } from '../store/stops.js';

/**
 * What the receipt says: after this place in the lane the agency received nothing that the stop forbids. The person is
 * named by the agency's alias, so that both sides can show it to anybody.
 */
export function statementOf(stop: RecordedStop, alias: string, { lane, sequence }: FencePosition, effectiveAt: Date) {
  const { grant, agency, state, version, attributes, recordedAt } = stop;
  const isOver = (GRANT_STOPS as readonly string[]).includes(state);
  return {
    type: 'grant-stop',
    grant,
    subject: alias,
    agency,
    state,
    grantVersion: version,
    /** What is left of a grant that goes on. */
    ...(!isOver && { attributes }),
    lane,
    sequence,
    recordedAt: recordedAt.toISOString(),
    effectiveAt: effectiveAt.toISOString(),
  };
}
