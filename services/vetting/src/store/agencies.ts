import { Injectable } from '@nestjs/common';
import type { AgencyView } from '@sluice/contracts';
import type { SqlEffect } from '@sluice/event-store';
import { Pool } from 'pg';
import { type Agency, type AgencyState, viewOf } from '../domain/agency.js';

const SAVE = `insert into vetting.agency (agency, version, state, view) values ($1, $2, $3, $4)
  on conflict (agency) do update set version = excluded.version, state = excluded.state, view = excluded.view`;

/** The read model of agencies. */
@Injectable()
export class Agencies {
  constructor(private readonly pool: Pool) {}

  /** Brings the read model up to a decision, in the decision's own transaction. */
  static saving(agency: Agency): SqlEffect {
    const view = viewOf(agency);
    return { name: 'save-agency', text: SAVE, values: [view.agency, view.version, view.state, view] };
  }

  async find(agency: string): Promise<AgencyView | undefined> {
    const { rows } = await this.pool.query<{ view: AgencyView }>({
      name: 'find-agency',
      text: 'select view from vetting.agency where agency = $1',
      values: [agency],
    });
    return rows[0]?.view;
  }

  /** By code; all of them, or those in one state. */
  async list(state?: AgencyState): Promise<AgencyView[]> {
    const { rows } = await this.pool.query<{ view: AgencyView }>({
      name: 'list-agencies',
      text: 'select view from vetting.agency where $1::text is null or state = $1 order by agency',
      values: [state ?? null],
    });
    return rows.map(({ view }) => view);
  }
}
