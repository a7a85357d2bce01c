import { Injectable } from '@nestjs/common';
import { type AttributeSet, attributeSet, isAttributeCode, type Principal } from '@sluice/contracts';
import { Pool } from 'pg';
import type { Assertor, Publisher } from '../domain/assertion.js';

/**
 * How long an accreditation read from the table is relied on. It is what a sanction can be late by here, in addition to
 * its way through Kafka; without it every change would cost a query more.
 */
const RELIED_ON_MS = 500;

const SELECT = 'select publishes, until from registry.publisher where agency = $1 and active';

const ACCREDIT = `insert into registry.publisher (agency, agency_version, publishes, until, active)
  values ($1, $2, $3, $4, true)
  on conflict (agency) do update
     set agency_version = excluded.agency_version, publishes = excluded.publishes, until = excluded.until, active = true
   where publisher.agency_version < excluded.agency_version`;

// A sanction on an agency that was never heard of is kept too: an older accreditation that comes after it is then late.
const SET_ACTIVE = `insert into registry.publisher (agency, agency_version, publishes, until, active)
  values ($1, $2, '{}', $4, $3)
  on conflict (agency) do update set agency_version = excluded.agency_version, active = excluded.active
   where publisher.agency_version < excluded.agency_version`;

interface Rights {
  readonly publishes: AttributeSet;
  readonly until: number;
}

interface Known {
  readonly readAt: number;
  readonly rights: Promise<Rights | undefined>;
}

/** What agencies may publish, as vetting's events say. */
@Injectable()
export class Publishers {
  private readonly known = new Map<string, Known>();

  constructor(private readonly pool: Pool) {}

  /** As whom a caller asserts at `now` (Unix time in ms); `undefined` for one who may assert nothing. */
  async assertorOf(principal: Principal, now: number): Promise<Assertor | undefined> {
    if (principal.kind === 'person') return { kind: 'person' };
    return principal.kind === 'agency' ? this.publisher(principal.agency, now) : undefined;
  }

  /** As whom an agency asserts at `now` (Unix time in ms); `undefined` when it is not accredited, or no longer. */
  async publisher(agency: string, now: number): Promise<Publisher | undefined> {
    const rights = await this.rightsOf(agency, now);
    return rights === undefined || rights.until <= now ? undefined : { kind: 'publisher', publishes: rights.publishes };
  }

  /** Takes over an accreditation; one that is not newer than what is known changes nothing. */
  async accredit(agency: string, version: number, publishes: readonly string[], until: string): Promise<void> {
    await this.pool.query({ name: 'accredit-publisher', text: ACCREDIT, values: [agency, version, publishes, until] });
    this.known.delete(agency);
  }

  /** Takes over a sanction or its end, in the same way; `at` is when it was recorded. */
  async setActive(agency: string, version: number, active: boolean, at: Date): Promise<void> {
    await this.pool.query({ name: 'set-publisher-active', text: SET_ACTIVE, values: [agency, version, active, at] });
    this.known.delete(agency);
  }

  private rightsOf(agency: string, now: number): Promise<Rights | undefined> {
    const known = this.known.get(agency);
    if (known !== undefined && now - known.readAt < RELIED_ON_MS) return known.rights;
    const rights = this.read(agency);
    this.known.set(agency, { readAt: now, rights });
    // A failed look-up is nobody's answer: the next call asks again.
    rights.catch(() => this.known.delete(agency));
    return rights;
  }

  private async read(agency: string): Promise<Rights | undefined> {
    const { rows } = await this.pool.query<{ publishes: string[]; until: Date }>({
      name: 'publisher-rights',
      text: SELECT,
      values: [agency],
    });
    const row = rows[0];
    return row && { publishes: attributeSet(row.publishes.filter(isAttributeCode)), until: row.until.getTime() };
  }
}
