import { Injectable } from '@nestjs/common';
import { AGENCY_REVOKED, AGENCY_SUSPENDED, type FencePosition } from '@sluice/contracts';
import type { SqlEffect } from '@sluice/event-store';
import { Pool } from 'pg';
import type { AgencyEvent } from '../domain/agency.js';

/** A sanction as recorded; the last three are there once every lane has answered. */
export interface RecordedSanction {
  agency: string;
  version: number;
  state: 'suspended' | 'revoked';
  recordedAt: Date;
  fences?: FencePosition[];
  /** Compact JWS. */
  receipt?: string;
  effectiveAt?: Date;
}

export interface SanctionReceipt {
  fences: FencePosition[];
  receipt: string;
  effectiveAt: Date;
}

interface Row {
  agency: string;
  version: number;
  state: RecordedSanction['state'];
  recorded_at: Date;
  fences: FencePosition[] | null;
  receipt: string | null;
  effective_at: Date | null;
}

const COLUMNS = 'agency, version, state, recorded_at, fences, receipt, effective_at';

/** Sanctions, their fences as they come in, and their receipts. */
@Injectable()
export class Sanctions {
  constructor(private readonly pool: Pool) {}

  /** The row of a sanction, to be written with its event; nothing for other events. */
  static recording(event: AgencyEvent, recordedAt: Date): SqlEffect[] {
    if (event.type !== AGENCY_SUSPENDED && event.type !== AGENCY_REVOKED) return [];
    const { agency, agencyVersion } = event.data;
    const state = event.type === AGENCY_SUSPENDED ? 'suspended' : 'revoked';
    return [
      {
        name: 'record-sanction',
        text: 'insert into vetting.sanction (agency, version, state, recorded_at) values ($1, $2, $3, $4)',
        values: [agency, agencyVersion, state, recordedAt],
      },
    ];
  }

  /** The receipt of a sanction, to be written with the event that says all lanes answered. */
  static completing(agency: string, version: number, { fences, receipt, effectiveAt }: SanctionReceipt): SqlEffect {
    return {
      name: 'complete-sanction',
      text: 'update vetting.sanction set fences = $3, receipt = $4, effective_at = $5 where agency = $1 and version = $2',
      values: [agency, version, JSON.stringify(fences), receipt, effectiveAt],
    };
  }

  /** Notes a lane's answer, and gives all answers so far, by lane. */
  async noteFence(agency: string, version: number, fence: FencePosition): Promise<FencePosition[]> {
    await this.pool.query({
      name: 'note-fence',
      text: `insert into vetting.sanction_fence (agency, version, lane, sequence) values ($1, $2, $3, $4)
        on conflict do nothing`,
      values: [agency, version, fence.lane, fence.sequence],
    });
    const { rows } = await this.pool.query<{ lane: number; sequence: string }>({
      name: 'fences-so-far',
      text: 'select lane, sequence from vetting.sanction_fence where agency = $1 and version = $2 order by lane',
      values: [agency, version],
    });
    return rows.map(({ lane, sequence }) => ({ lane, sequence: Number(sequence) }));
  }

  async find(agency: string, version: number): Promise<RecordedSanction | undefined> {
    return (await this.#completeOrNot('find-sanction', 'agency = $1 and version = $2', [agency, version]))[0];
  }

  /** The last sanction of an agency. */
  async last(agency: string): Promise<RecordedSanction | undefined> {
    return (await this.#completeOrNot('last-sanction', 'agency = $1 order by version desc limit 1', [agency]))[0];
  }

  /** Of these sanctions those that are complete. */
  async completeOf(wanted: readonly { agency: string; version: number }[]): Promise<RecordedSanction[]> {
    return this.#completeOrNot(
      'complete-sanctions',
      'receipt is not null and (agency, version) in (select * from unnest($1::text[], $2::int[]))',
      [wanted.map(({ agency }) => agency), wanted.map(({ version }) => version)],
    );
  }

  async #completeOrNot(name: string, condition: string, values: unknown[]): Promise<RecordedSanction[]> {
    const text = `select ${COLUMNS} from vetting.sanction where ${condition}`;
    const { rows } = await this.pool.query<Row>({ name, text, values });
    return rows.map(({ agency, version, state, recorded_at, fences, receipt, effective_at }) => ({
      agency,
      version,
      state,
      recordedAt: recorded_at,
      ...(fences !== null && { fences }),
      ...(receipt !== null && { receipt }),
      ...(effective_at !== null && { effectiveAt: effective_at }),
    }));
  }
}
