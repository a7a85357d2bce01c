import { AGENCY_KEY_REGISTERED, type FeedPublicKey } from '@sluice/contracts';
import { type Agency, accept, type Decision, nextOf } from './agency.js';

/** An accredited agency starts a new key epoch; a suspended one may, since a lost key should not wait for its restoration. */
export function registerKey(agency: Agency | undefined, publicKey: FeedPublicKey): Decision {
  if (agency === undefined) return { refused: 'unknown-agency' };
  if (agency.state !== 'accredited' && agency.state !== 'suspended') return { refused: 'wrong-state' };
  return accept(agency, {
    type: AGENCY_KEY_REGISTERED,
    data: { ...nextOf(agency), publicKey, keyEpoch: agency.keyEpoch + 1 },
  });
}
