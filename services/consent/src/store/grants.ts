import { Injectable } from '@nestjs/common';
import type { GrantView } from '@sluice/contracts';
import type { SqlEffect } from '@sluice/event-store';
import { Pool } from 'pg';
import type { Accreditation } from '../domain/accreditation.js';
import { type Grant, type GrantState, viewOf } from '../domain/grant.js';

/** Whose a grant is. */
export interface GrantParties {
  readonly subject: string;
  readonly agency: string;
}

export interface GrantSearch {
  /** Whose grants. */
  readonly of: { readonly subject: string } | { readonly agency: string };
  readonly state?: GrantState | undefined;
  /** The last grant of the page before; the cursor names a grant, because a number would tell how many there are. */
  readonly below?: string | undefined;
  readonly limit: number;
}

/** A grant that something is to be done about, with its place in the order of all grants. */
export interface DueGrant {
  readonly grant: string;
  readonly subject: string;
  readonly place: bigint;
}

interface Row {
  view: GrantView;
  receipt: string | null;
}

/** The receipt of a grant is that of its last stop, pause or narrowing. */
const VIEWS = `select g.view, (
    select s.receipt from consent.stop_record s where s.grant_id = g.grant_id order by s.grant_version desc limit 1
  ) as receipt from consent.grant_record g`;

/** The read model of grants. */
@Injectable()
export class Grants {
  constructor(private readonly pool: Pool) {}

  /** Brings the read model up to a decision, in the decision's own transaction. */
  static saving(grant: Grant): SqlEffect {
    const { grant: id, subject, state, terms } = grant;
    const view = viewOf(grant);
    if (grant.version === 1) {
      return {
        name: 'begin-grant',
        text: `insert into consent.grant_record (grant_id, subject, agency, state, valid_until, view)
          values ($1, $2, $3, $4, $5, $6)`,
        values: [id, subject, terms.agency, state, terms.validUntil, view],
      };
    }
    return {
      name: 'save-grant',
      text: 'update consent.grant_record set state = $2, valid_until = $3, view = $4 where grant_id = $1',
      values: [id, state, terms.validUntil, view],
    };
  }

  /** Whose the grant is, and what vetting allows its agency at present. */
  async partiesOf(grant: string): Promise<(GrantParties & { accreditation: Accreditation | undefined }) | undefined> {
    const { rows } = await this.pool.query<GrantParties & { accreditation: Accreditation | null }>({
      name: 'parties-of-grant',
      text: `select g.subject, g.agency,
          (select jsonb_build_object('agency', a.agency, 'state', a.state, 'scope', a.scope)
             from consent.accreditation a where a.agency = g.agency) as accreditation
        from consent.grant_record g where g.grant_id = $1`,
      values: [grant],
    });
    return rows[0] && { ...rows[0], accreditation: rows[0].accreditation ?? undefined };
  }

  async find(grant: string): Promise<GrantView | undefined> {
    const { rows } = await this.pool.query<Row>({
      name: 'find-grant',
      text: `${VIEWS} where g.grant_id = $1`,
      values: [grant],
    });
    return rows[0] && viewIn(rows[0]);
  }

  /** Newest first. */
  async list({ of, state, below, limit }: GrantSearch): Promise<GrantView[]> {
    const [side, value] = 'subject' in of ? (['subject', of.subject] as const) : (['agency', of.agency] as const);
    const { rows } = await this.pool.query<Row>({
      name: `grants-of-${side}`,
      text: `${VIEWS} where g.${side} = $1 and ($2::text is null or g.state = $2) and ($3::uuid is null or g.seq < (select last.seq from consent.grant_record last where last.grant_id = $3))
        order by g.seq desc limit $4`,
      values: [value, state ?? null, below ?? null, limit],
    });
    return rows.map(viewIn);
  }

  /** Active and paused grants whose validity is over. */
  async expired(now: Date, limit: number): Promise<DueGrant[]> {
    return this.#due(
      'expired-grants',
      "valid_until <= $1 and state in ('active', 'paused') order by valid_until limit $2",
      [now, limit],
    );
  }

  /** Active and paused grants of agencies whose accreditation was revoked. */
  async ofRevoked(limit: number): Promise<DueGrant[]> {
    return this.#due(
      'grants-of-revoked',
      `agency in (select a.agency from consent.accreditation a where a.state = 'revoked')
        and state in ('active', 'paused') order by seq limit $1`,
      [limit],
    );
  }

  /** Active grants of an agency above a place, in order. */
  async activeOf(agency: string, after: bigint, limit: number): Promise<DueGrant[]> {
    return this.#due('active-of-agency', "agency = $1 and state = 'active' and seq > $2 order by seq limit $3", [
      agency,
      after,
      limit,
    ]);
  }

  async #due(name: string, condition: string, values: unknown[]): Promise<DueGrant[]> {
    const { rows } = await this.pool.query<{ grant_id: string; subject: string; place: string }>({
      name,
      text: `select grant_id, subject, seq::text as place from consent.grant_record where ${condition}`,
      values,
    });
    return rows.map(({ grant_id: grant, subject, place }) => ({ grant, subject, place: BigInt(place) }));
  }
}

function viewIn({ view, receipt }: Row): GrantView {
  return receipt === null ? view : { ...view, receipt };
}
