import {
  GRANT_FENCED,
  GRANT_PAUSED,
  GRANT_RESUMED,
  GRANT_SNAPSHOT_REQUESTED,
  GRANT_STOPPED,
  type GrantStop,
} from '@sluice/contracts';
import type { CommandOf, Facts } from './command.js';
import { hasExpired, mayFlow } from './flow.js';
import { type Decision, type Grant, nextOf } from './grant.js';

/** An agency that owes a deletion has this long. */
const DELETE_WITHIN_MS = 30 * 86_400_000;

export function pause(grant: Grant): Decision {
  return { type: GRANT_PAUSED, data: nextOf(grant) };
}

export function resume(grant: Grant, _command: CommandOf<'resume'>, facts: Facts): Decision {
  return mayFlow(grant, grant.terms.attributes, facts) ?? { type: GRANT_RESUMED, data: nextOf(grant) };
}

export function withdraw(grant: Grant, { deleteData }: CommandOf<'withdraw'>, { now }: Facts): Decision {
  const deleteBy = new Date(now.getTime() + DELETE_WITHIN_MS).toISOString();
  return stopped(grant, 'withdrawn', deleteData ? { deleteBy } : {});
}

export function end(grant: Grant): Decision {
  return stopped(grant, 'ended');
}

export function stop(grant: Grant): Decision {
  return stopped(grant, 'stopped');
}

/** Nothing changes before the validity is really over, whoever's clock said so. */
export function expire(grant: Grant, _command: CommandOf<'expire'>, { now }: Facts): Decision {
  return hasExpired(grant.terms, now) ? stopped(grant, 'expired') : 'unchanged';
}

export function askSnapshot(grant: Grant): Decision {
  return { type: GRANT_SNAPSHOT_REQUESTED, data: nextOf(grant) };
}

/** Delivery's answer to a stop, a pause or a narrowing: recorded once, whatever happened to the grant since. */
export function fence(grant: Grant, { fencedVersion, fence: position }: CommandOf<'fence'>): Decision {
  if (!grant.unfenced.includes(fencedVersion)) return 'unchanged';
  return { type: GRANT_FENCED, data: { ...nextOf(grant), fence: position, fencedVersion } };
}

function stopped(grant: Grant, stop: GrantStop, more: { deleteBy?: string } = {}): Decision {
  return { type: GRANT_STOPPED, data: { ...nextOf(grant), stop, ...more } };
}
