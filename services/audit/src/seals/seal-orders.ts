import { Injectable } from '@nestjs/common';
import { SEAL_APPROVED, SEAL_DRAFTED, SEAL_LIFTED, SEAL_REFUSED, type SealView } from '@sluice/contracts';
import type { SqlEffect } from '@sluice/event-store';
import { Pool } from 'pg';
import type { FileEvent } from '../domain/person-file/person-file.js';
import type { Seal } from '../domain/sealing.js';

interface Row {
  seal: string;
  subject: string;
  agency: string;
  purpose: SealView['purpose'] | null;
  instrument: string;
  since: Date | null;
  until: Date;
  version: number;
  state: SealView['state'];
  drafted_by: string;
  drafted_at: Date;
  approved_by: string | null;
  sealed_from: Date | null;
  lifted_at: Date | null;
  reason: string | null;
}

const DRAFT = `insert into audit.seal
  (seal, subject, agency, purpose, instrument, since, until, version, state, drafted_by, drafted_at)
  values ($1, $2, $3, $4, $5, $6, $7, 1, 'drafted', $8, $9)`;

const MOVE = `update audit.seal set version = $2, state = $3, approved_by = coalesce($4, approved_by),
  sealed_from = coalesce($5, sealed_from), lifted_at = coalesce($6, lifted_at), reason = coalesce($7, reason)
  where seal = $1`;

const APPROVED_OF = `select * from audit.seal where subject = $1 and state in ('sealed', 'lifted')`;

const LIST = `select * from audit.seal where (drafted_at, seal) < ($1, $2)
  and ($3::text is null or state = $3) and ($4::text is null or agency = $4)
  order by drafted_at desc, seal desc limit $5`;

/** Seal orders as they are read. */
@Injectable()
export class SealOrders {
  constructor(private readonly pool: Pool) {}

  /** Brings the read model up to an event of a seal, in the event's own transaction. */
  static saving(event: FileEvent, now: Date): SqlEffect[] {
    if (!('seal' in event.data)) return [];
    const { seal, sealVersion: version } = event.data;
    switch (event.type) {
      case SEAL_DRAFTED: {
        const { subject, agency, purpose, instrument, since, until, by } = event.data;
        const values = [seal, subject, agency, purpose ?? null, instrument, since ?? null, until, by, now];
        return [{ name: 'draft-seal', text: DRAFT, values }];
      }
      case SEAL_APPROVED:
        return [moving([seal, version, 'sealed', event.data.by, event.data.at, null, null])];
      case SEAL_REFUSED:
        return [moving([seal, version, 'refused', null, null, null, event.data.reason])];
      case SEAL_LIFTED:
        return [moving([seal, version, 'lifted', null, null, event.data.liftedAt, event.data.reason ?? null])];
      default:
        return [];
    }
  }

  async find(seal: string): Promise<SealView | undefined> {
    const { rows } = await this.pool.query<Row>({
      name: 'find-seal',
      text: 'select * from audit.seal where seal = $1',
      values: [seal],
    });
    return rows[0] && viewOf(rows[0]);
  }

  /** Every order about a person that was approved, also those that lifted. */
  async approvedOf(subject: string): Promise<Seal[]> {
    const { rows } = await this.pool.query<Row>({ name: 'seals-of', text: APPROVED_OF, values: [subject] });
    return rows.map((row) => ({
      seal: row.seal,
      agency: row.agency,
      purpose: row.purpose ?? undefined,
      instrument: row.instrument,
      since: row.since?.getTime(),
      sealedFrom: row.sealed_from!.getTime(),
      until: row.until.getTime(),
      liftedAt: row.lifted_at?.getTime(),
    }));
  }

  async list(
    of: { state?: string | undefined; agency?: string | undefined },
    after: { at: Date; id: string },
    limit: number,
  ): Promise<SealView[]> {
    const { rows } = await this.pool.query<Row>({
      name: 'list-seals',
      text: LIST,
      values: [after.at, after.id, of.state ?? null, of.agency ?? null, limit],
    });
    return rows.map(viewOf);
  }

  /** Whose date has come. */
  async over(now: Date, limit: number): Promise<{ seal: string; subject: string }[]> {
    const { rows } = await this.pool.query<{ seal: string; subject: string }>({
      name: 'seals-over',
      text: `select seal, subject from audit.seal where state = 'sealed' and until <= $1 order by until limit $2`,
      values: [now, limit],
    });
    return rows;
  }
}

function moving(values: unknown[]): SqlEffect {
  return { name: 'move-seal', text: MOVE, values };
}

function viewOf(row: Row): SealView {
  return {
    seal: row.seal,
    version: row.version,
    state: row.state,
    subject: row.subject,
    agency: row.agency,
    ...(row.purpose !== null && { purpose: row.purpose }),
    instrument: row.instrument,
    ...(row.since !== null && { since: row.since.toISOString() }),
    until: row.until.toISOString(),
    draftedBy: row.drafted_by,
    draftedAt: row.drafted_at.toISOString(),
    ...(row.approved_by !== null && { approvedBy: row.approved_by }),
    ...(row.sealed_from !== null && { sealedFrom: row.sealed_from.toISOString() }),
    ...(row.lifted_at !== null && { liftedAt: row.lifted_at.toISOString() }),
    ...(row.reason !== null && { reason: row.reason }),
  };
}
