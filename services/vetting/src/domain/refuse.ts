import { AGENCY_REFUSED } from '@sluice/contracts';
import { type Agency, accept, type Decision, nextOf } from './agency.js';

/** An application that is not accredited yet can be refused; that is the end of it. */
export function refuseApplication(agency: Agency | undefined, by: string): Decision {
  if (agency === undefined) return { refused: 'unknown-agency' };
  if (agency.state !== 'applied' && agency.state !== 'approved-once') return { refused: 'wrong-state' };
  return accept(agency, { type: AGENCY_REFUSED, data: { ...nextOf(agency), by } });
}
