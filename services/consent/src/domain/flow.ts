import type { AttributeCode } from '@sluice/contracts';
import { covers } from './accreditation.js';
import type { Facts } from './command.js';
import { type Grant, type Refused, WRONG_STATE } from './grant.js';

/** Why these attributes may not (begin to, or again) flow under this grant now; undefined when they may. */
export function mayFlow(
  { terms }: Grant,
  attributes: readonly AttributeCode[],
  { now, accreditation }: Facts,
): Refused | undefined {
  if (hasExpired(terms, now)) return WRONG_STATE;
  const covered = covers(accreditation, { purpose: terms.purpose, mode: terms.mode, attributes }, now);
  return covered ? undefined : { refused: 'not-accredited' };
}

export function hasExpired({ validUntil }: Grant['terms'], now: Date): boolean {
  return now.getTime() >= Date.parse(validUntil);
}
