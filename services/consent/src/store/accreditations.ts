import { Injectable } from '@nestjs/common';
import type { AccreditationScope } from '@sluice/contracts';
import type { SqlEffect } from '@sluice/event-store';
import { Pool } from 'pg';
import type { Accreditation } from '../domain/accreditation.js';

/** A restored agency whose active grants above `after` have not been asked for a snapshot yet. */
export interface SnapshotsDue {
  readonly agency: string;
  readonly version: number;
  readonly after: bigint;
}

/** What vetting allows each agency; follows vetting.events, so an older version never overwrites a newer one. */
@Injectable()
export class Accreditations {
  constructor(private readonly pool: Pool) {}

  async of(agency: string): Promise<Accreditation | undefined> {
    const { rows } = await this.pool.query<Accreditation>({
      name: 'accreditation-of-agency',
      text: 'select agency, state, scope from consent.accreditation where agency = $1',
      values: [agency],
    });
    return rows[0];
  }

  async accredit(agency: string, version: number, scope: AccreditationScope): Promise<void> {
    await this.pool.query({
      name: 'accredit-agency',
      text: `insert into consent.accreditation (agency, agency_version, state, scope) values ($1, $2, 'accredited', $3)
        on conflict (agency) do update set agency_version = $2, state = 'accredited', scope = $3
        where accreditation.agency_version < $2`,
      values: [agency, version, scope],
    });
  }

  async suspend(agency: string, version: number): Promise<void> {
    await this.#move('suspend-agency', "state = 'suspended'", agency, version);
  }

  async revoke(agency: string, version: number): Promise<void> {
    await this.#move('revoke-agency', "state = 'revoked'", agency, version);
  }

  /** Also begins to ask for the snapshots of what the agency missed. */
  async restore(agency: string, version: number): Promise<void> {
    await this.#move('restore-agency', "state = 'accredited', snapshots_after = 0", agency, version);
  }

  async snapshotsDue(): Promise<SnapshotsDue[]> {
    const { rows } = await this.pool.query<{ agency: string; agency_version: number; after: string }>({
      name: 'snapshots-due',
      text: `select agency, agency_version, snapshots_after::text as after from consent.accreditation
        where snapshots_after is not null and state = 'accredited'`,
    });
    return rows.map(({ agency, agency_version, after }) => ({ agency, version: agency_version, after: BigInt(after) }));
  }

  /** How far the asking has come, to be written with the requests; undefined where all are asked. */
  static asked({ agency, version }: SnapshotsDue, upTo: bigint | undefined): SqlEffect {
    return {
      name: 'snapshots-asked',
      text: 'update consent.accreditation set snapshots_after = $3 where agency = $1 and agency_version = $2',
      values: [agency, version, upTo ?? null],
    };
  }

  async #move(name: string, change: string, agency: string, version: number): Promise<void> {
    const text = `update consent.accreditation set agency_version = $2, ${change} where agency = $1 and agency_version < $2`;
    await this.pool.query({ name, text, values: [agency, version] });
  }
}
