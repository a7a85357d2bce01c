import { AGENCY_APPLIED, type VettingEventData } from '@sluice/contracts';
import { type Agency, accept, type Decision } from './agency.js';
import { beyondCatalogue } from './scope.js';

export type Application = Omit<VettingEventData<typeof AGENCY_APPLIED>, 'agencyVersion'>;

/** An institution applies, once, for a scope within the catalogues. */
export function apply(agency: Agency | undefined, application: Application, now: number): Decision {
  if (agency !== undefined) return { refused: 'already-exists' };
  const beyond = beyondCatalogue(application.scope, now);
  if (beyond !== undefined) return beyond;
  return accept(undefined, { type: AGENCY_APPLIED, data: { ...application, agencyVersion: 1 } });
}
