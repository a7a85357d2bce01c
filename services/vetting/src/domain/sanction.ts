import {
  AGENCY_FENCED,
  AGENCY_RESTORED,
  AGENCY_REVOKED,
  AGENCY_SUSPENDED,
  type FencePosition,
} from '@sluice/contracts';
import { type Agency, accept, type Decision, nextOf } from './agency.js';

export interface Sanction {
  by: string;
  reason: string;
}

export function suspend(agency: Agency | undefined, { by, reason }: Sanction): Decision {
  if (agency === undefined) return { refused: 'unknown-agency' };
  if (agency.state !== 'accredited') return { refused: 'wrong-state' };
  return accept(agency, { type: AGENCY_SUSPENDED, data: { ...nextOf(agency), by, reason } });
}

export function revoke(agency: Agency | undefined, { by, reason }: Sanction): Decision {
  if (agency === undefined) return { refused: 'unknown-agency' };
  if (agency.state !== 'accredited' && agency.state !== 'suspended') return { refused: 'wrong-state' };
  return accept(agency, { type: AGENCY_REVOKED, data: { ...nextOf(agency), by, reason } });
}

export function restore(agency: Agency | undefined, by: string): Decision {
  if (agency === undefined) return { refused: 'unknown-agency' };
  if (agency.state !== 'suspended') return { refused: 'wrong-state' };
  return accept(agency, { type: AGENCY_RESTORED, data: { ...nextOf(agency), by } });
}

/** All lanes answered a sanction. It is recorded once, whatever happened to the agency since. */
export function fence(
  agency: Agency | undefined,
  { sanctionVersion, fences }: { sanctionVersion: number; fences: FencePosition[] },
): Decision {
  if (agency === undefined) return { refused: 'unknown-agency' };
  if (!agency.unfenced.includes(sanctionVersion)) return { refused: 'wrong-state' };
  return accept(agency, { type: AGENCY_FENCED, data: { ...nextOf(agency), sanctionVersion, fences } });
}
