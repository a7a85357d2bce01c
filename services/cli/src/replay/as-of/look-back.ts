import {
  type AttributeCode,
  attributesIn,
  type GrantAsOf,
  type ReplyOf,
  readAgencyAsOf,
  readGrantsAsOf,
  readProfileAsOf,
} from '@sluice/contracts';
import { type Accreditation, accreditationOf, grantOf, type Reach, reachOf } from '@sluice/decision';
import type { ServiceClient } from '../../access/service-client.js';
import { EXIT } from '../../exit-codes.js';
import { Failure } from '../../failure.js';

export type PastAgency = ReplyOf<typeof readAgencyAsOf>;
export type PastProfile = ReplyOf<typeof readProfileAsOf>;

/** A grant with what its recipient could be sent under it. */
export interface GrantThen extends Omit<GrantAsOf, 'terms'> {
  agency: string;
  purpose: string;
  mode: string;
  basis: string;
  validFrom: string;
  validUntil: string;
  attributes: readonly AttributeCode[];
  receives: readonly AttributeCode[];
  withheld: readonly AttributeCode[];
  because?: Exclude<Reach['because'], null> | 'not-in-force';
}

/** What stood of a person at a time, by the records of each authority, and what followed from it. */
export interface LookBack {
  subject: string;
  at: string;
  grants: GrantThen[];
  agencies: Omit<PastAgency, 'at'>[];
  profile?: Pick<PastProfile, 'version' | 'attributes'>;
}

export interface Question {
  subject: string;
  at: Date;
  agency?: string | undefined;
  profile: boolean;
}

/** Asks each authority for its part, and decides as delivery does. @throws {Failure} */
export async function lookBack(services: ServiceClient, { subject, at, agency, profile }: Question): Promise<LookBack> {
  const when = at.toISOString();
  const asked = { params: { subject }, query: { at: when } };
  // One after the other: where the first refuses, nothing further is read or recorded.
  const person = profile ? await services.call(readProfileAsOf, 'operator', asked) : undefined;
  const { grants } = await services.call(readGrantsAsOf, 'operator', { ...asked, query: { at: when, agency } });
  const codes = new Set(grants.map(({ terms }) => terms.agency));
  if (agency !== undefined) codes.add(agency);
  const agencies = new Map<string, PastAgency>();
  for (const code of codes) {
    const found = await agencyThen(services, code, when, code === agency);
    if (found !== undefined) agencies.set(code, found);
  }
  return {
    subject,
    at: when,
    grants: grants.map((grant) => grantThen(grant, agencies, at.getTime())),
    agencies: [...agencies.values()].map(({ at: _, ...known }) => known),
    ...(person && { profile: { version: person.version, attributes: person.attributes } }),
  };
}

async function agencyThen(
  services: ServiceClient,
  agency: string,
  at: string,
  required: boolean,
): Promise<PastAgency | undefined> {
  try {
    return await services.call(readAgencyAsOf, 'operator', { params: { agency }, query: { at } });
  } catch (error) {
    // Nobody asked after it by name, and vetting did not know it yet: it was not accredited.
    if (!required && error instanceof Failure && error.exitCode === EXIT.notFound) return undefined;
    throw error;
  }
}

function grantThen({ terms, ...grant }: GrantAsOf, agencies: ReadonlyMap<string, PastAgency>, now: number): GrantThen {
  const { agency, purpose, mode, basis, validFrom, validUntil, attributes } = terms;
  const shown = { ...grant, agency, purpose, mode, basis, validFrom, validUntil, attributes };
  if (grant.state !== 'active' && grant.state !== 'paused') {
    return { ...shown, receives: [], withheld: attributes, because: 'not-in-force' };
  }
  const decided = grantOf(
    { grant: grant.grant, grantVersion: grant.version, terms },
    { paused: grant.state === 'paused', awaiting: null },
  );
  const { receives, withheld, because } = reachOf(decided, accreditationsIn(agencies), now);
  return {
    ...shown,
    receives: attributesIn(receives),
    withheld: attributesIn(withheld),
    ...(because !== null && { because }),
  };
}

function accreditationsIn(agencies: ReadonlyMap<string, PastAgency>): Map<string, Accreditation> {
  const found = new Map<string, Accreditation>();
  for (const [code, { state, scope }] of agencies) {
    if (state === 'accredited' || state === 'suspended' || state === 'revoked') {
      found.set(code, accreditationOf(state, scope));
    }
  }
  return found;
}
