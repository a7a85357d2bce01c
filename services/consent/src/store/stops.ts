import { Injectable } from '@nestjs/common';
import { type FencePosition, GRANT_NARROWED, GRANT_PAUSED, GRANT_STOPPED } from '@sluice/contracts';
import type { SqlEffect } from '@sluice/event-store';
import { Pool } from 'pg';
import type { Grant, GrantEvent, GrantState } from '../domain/grant.js';

/** A stop, pause or narrowing as recorded; `completion` is there once delivery has fenced it. */
export interface RecordedStop {
  readonly grant: string;
  /** The grant's version that the stop made. */
  readonly version: number;
  readonly subject: string;
  readonly agency: string;
  /** The grant after it. */
  readonly state: GrantState;
  readonly attributes: readonly string[];
  readonly recordedAt: Date;
  readonly completion?: StopCompletion;
}

export interface StopCompletion {
  readonly fence: FencePosition;
  readonly effectiveAt: Date;
  /** Compact JWS. */
  readonly receipt: string;
}

export type CompleteStop = RecordedStop & { readonly completion: StopCompletion };

/** Names one stop. */
export interface StopKey {
  readonly grant: string;
  readonly version: number;
}

interface Row {
  grant_id: string;
  grant_version: number;
  subject: string;
  agency: string;
  state: GrantState;
  attributes: string[];
  recorded_at: Date;
  lane: number | null;
  sequence: string | null;
  effective_at: Date | null;
  receipt: string | null;
}

const STOPPING: readonly string[] = [GRANT_STOPPED, GRANT_PAUSED, GRANT_NARROWED];
const STOPS_OF_GRANTS = `select s.grant_id, s.grant_version, g.subject, g.agency, s.state, s.attributes, s.recorded_at,
    s.lane, s.sequence, s.effective_at, s.receipt
  from consent.stop_record s join consent.grant_record g using (grant_id)`;

/** Stops, pauses and narrowings, and their receipts. */
@Injectable()
export class Stops {
  constructor(private readonly pool: Pool) {}

  /** The row of a stop, to be written with its event; nothing for other events. */
  static recording(event: GrantEvent, { state, terms }: Grant, recordedAt: Date): SqlEffect[] {
    if (!STOPPING.includes(event.type)) return [];
    const { grant, grantVersion } = event.data;
    return [
      {
        name: 'record-stop',
        text: `insert into consent.stop_record (grant_id, grant_version, state, attributes, recorded_at)
          values ($1, $2, $3, $4, $5)`,
        values: [grant, grantVersion, state, terms.attributes, recordedAt],
      },
    ];
  }

  /** The receipt of a stop, to be written with the event that says it was fenced. */
  static completing({ grant, version }: StopKey, { fence, effectiveAt, receipt }: StopCompletion): SqlEffect {
    return {
      name: 'complete-stop',
      text: `update consent.stop_record set lane = $3, sequence = $4, effective_at = $5, receipt = $6
        where grant_id = $1 and grant_version = $2`,
      values: [grant, version, fence.lane, fence.sequence, effectiveAt, receipt],
    };
  }

  async find({ grant, version }: StopKey): Promise<RecordedStop | undefined> {
    return (await this.#where('find-stop', 's.grant_id = $1 and s.grant_version = $2', [grant, version]))[0];
  }

  /** The last stop, pause or narrowing of a grant. */
  async last(grant: string): Promise<RecordedStop | undefined> {
    return (await this.#where('last-stop', 's.grant_id = $1 order by s.grant_version desc limit 1', [grant]))[0];
  }

  /** Of these stops those that are complete. */
  async completeOf(wanted: readonly StopKey[]): Promise<CompleteStop[]> {
    const stops = await this.#where(
      'complete-stops',
      's.receipt is not null and (s.grant_id, s.grant_version) in (select * from unnest($1::uuid[], $2::int[]))',
      [wanted.map(({ grant }) => grant), wanted.map(({ version }) => version)],
    );
    return stops.filter(isComplete);
  }

  async #where(name: string, condition: string, values: unknown[]): Promise<RecordedStop[]> {
    const text = `${STOPS_OF_GRANTS} where ${condition}`;
    const { rows } = await this.pool.query<Row>({ name, text, values });
    return rows.map(stopOf);
  }
}

export function isComplete(stop: RecordedStop): stop is CompleteStop {
  return stop.completion !== undefined;
}

function stopOf(row: Row): RecordedStop {
  const { lane, sequence, effective_at: effectiveAt, receipt } = row;
  const complete = lane !== null && sequence !== null && effectiveAt !== null && receipt !== null;
  return {
    grant: row.grant_id,
    version: row.grant_version,
    subject: row.subject,
    agency: row.agency,
    state: row.state,
    attributes: row.attributes,
    recordedAt: row.recorded_at,
    ...(complete && { completion: { fence: { lane, sequence: Number(sequence) }, effectiveAt, receipt } }),
  };
}
