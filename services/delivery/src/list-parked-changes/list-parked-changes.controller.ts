import { Controller } from '@nestjs/common';
import { listParkedChanges } from '@sluice/contracts';
import { Endpoint } from '@sluice/platform';
import { Pool } from 'pg';

const SELECT = `select partition, registry_offset, subject, reason, parked_at from delivery.parked
  order by parked_at, partition, registry_offset limit 1000`;

interface Row {
  partition: number;
  registry_offset: string;
  subject: string;
  reason: string;
  parked_at: Date;
}

/** The oldest 1,000 parked changes. */
@Controller()
export class ListParkedChangesController {
  constructor(private readonly pool: Pool) {}

  @Endpoint(listParkedChanges)
  async handle() {
    const { rows } = await this.pool.query<Row>(SELECT);
    return {
      parked: rows.map((row) => ({
        partition: row.partition,
        offset: row.registry_offset,
        subject: row.subject,
        reason: row.reason,
        parkedAt: row.parked_at.toISOString(),
      })),
    };
  }
}
