import { Injectable } from '@nestjs/common';
import type { AccreditationScope } from '@sluice/contracts';
import { type Accreditation, accreditationOf } from '@sluice/decision';
import { Pool } from 'pg';
import type { AlikeGrants } from '../domain/touched-grants.js';

/** Through the index of live grants by agency where agencies are named; otherwise over all live grants. */
const GROUPS = `select agency, view->'terms'->>'purpose' as purpose, view->'terms'->>'mode' as mode,
    view->'terms'->'attributes' as attributes, count(*)::int as grants
  from consent.grant_record
  where state in ('active', 'paused') and state = 'active' and valid_until > $1
    and ($2::text[] is null or agency = any($2))
  group by 1, 2, 3, 4`;

interface AccreditationRow {
  agency: string;
  state: Accreditation['state'];
  scope: AccreditationScope;
}

/** The grants of the present, counted. */
@Injectable()
export class LiveGrants {
  constructor(private readonly pool: Pool) {}

  /** @param agencies of these alone; undefined: of all */
  async groups(now: Date, agencies: readonly string[] | undefined): Promise<AlikeGrants[]> {
    const { rows } = await this.pool.query<AlikeGrants>(GROUPS, [now, agencies ?? null]);
    return rows;
  }

  /** What vetting allows at present, as far as it has reached this service. */
  async accreditations(): Promise<Map<string, Accreditation>> {
    const { rows } = await this.pool.query<AccreditationRow>('select agency, state, scope from consent.accreditation');
    return new Map(rows.map(({ agency, state, scope }) => [agency, accreditationOf(state, scope)]));
  }
}
